import { userInfo } from "node:os";
import { RequestError } from "../../src/base/errors.js";
import type { Json } from "../../src/base/canonical-json.js";
import type { RunConfigInput } from "../../src/config/run-config.js";
import type { BackfillOrder } from "../../src/planning/backfill/run-queue.js";

/** Which of the partitions in question a backfill makes; `stale`: what is stale or missing. */
export type Reprocess = "all" | "missing" | "failed" | "stale";

/** When a backfill asks for no more runs: after so many failed ones, or when they are such a share of the runs that it takes. */
export type StopAfter = { readonly failures: number } | { readonly share: number };

/** What a backfill is asked for. */
export interface BackfillOptions {
  /** Of the assets that need no other of the selection: a key, `first...last`, or several with commas; the others follow by their mappings. @defaultValue all */
  readonly partitions?: string;
  /** With `stale` what turns out to come out the same is not made again: its earlier result is reused. @defaultValue all */
  readonly reprocess?: Reprocess;
  /** With `stale`: reuses nothing. @defaultValue false */
  readonly force?: boolean;
  /** @defaultValue oldest */
  readonly order?: BackfillOrder;
  /** Runs at once, at least 1. @defaultValue 4 */
  readonly maxConcurrentRuns?: number;
  /** `5`, or `"10%"` of the runs that it takes. @defaultValue never */
  readonly stopAfter?: number | string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Configuration of each of its runs, as a run takes it; kept with the backfill, secrets masked. */
  readonly config?: RunConfigInput;
  /** Why it is asked for. */
  readonly reason?: string;
  /** Who asks. @defaultValue the user of this process */
  readonly who?: string;
}

/** What decides how a backfill proceeds, as it is kept with it. */
export interface BackfillConduct {
  readonly selection: string;
  readonly order: BackfillOrder;
  readonly maxConcurrentRuns: number;
  readonly stopAfter?: StopAfter;
  /** Whether its runs make nothing again that would come out the same. */
  readonly reuse?: true;
  /** The runs that it takes when none fails. */
  readonly plannedRuns: number;
  /** Run configuration, secrets masked; absent: none was given. */
  readonly config?: Json;
}

const DEFAULT_CONCURRENT_RUNS = 4;

/** @throws {@link RequestError} that names the option that cannot be meant */
export function conductOf(selection: string, options: BackfillOptions, plannedRuns: number): BackfillConduct {
  const { order = "oldest", maxConcurrentRuns = DEFAULT_CONCURRENT_RUNS, stopAfter, reprocess, force } = options;
  if (order !== "oldest" && order !== "newest")
    throw new RequestError("BACKFILL.ORDER", `The order "${String(order)}" is none.`, { fix: "Give `oldest` or `newest`." });
  if (!Number.isInteger(maxConcurrentRuns) || maxConcurrentRuns < 1)
    throw new RequestError("BACKFILL.CONCURRENCY", `A backfill cannot have ${String(maxConcurrentRuns)} runs at once.`, {
      fix: "Give a whole number, 1 or more.",
    });
  return {
    selection,
    order,
    maxConcurrentRuns,
    ...(stopAfter === undefined ? {} : { stopAfter: parseStopAfter(stopAfter) }),
    ...(reprocess === "stale" && !force ? { reuse: true } : {}),
    plannedRuns,
  };
}

function parseStopAfter(given: number | string): StopAfter {
  const [, number = "", percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(String(given).trim()) ?? [];
  const value = Number(number);
  if (percent === "%" && value > 0 && value <= 100) return { share: value / 100 };
  if (percent === "" && Number.isInteger(value) && value >= 1) return { failures: value };
  throw new RequestError("BACKFILL.STOP_AFTER", `A backfill cannot stop after "${given}".`, {
    fix: "Give a number of failed runs, e.g. 5, or a share of all runs, e.g. 10%.",
  });
}

/** How many failed runs stop a backfill. */
export function mostFailures({ stopAfter, plannedRuns }: BackfillConduct): number {
  if (!stopAfter) return Number.POSITIVE_INFINITY;
  return "failures" in stopAfter ? stopAfter.failures : Math.max(1, Math.ceil(stopAfter.share * plannedRuns));
}

/** The options of a backfill as they were kept. */
export function storedConduct(options: Json): BackfillConduct {
  return options as unknown as BackfillConduct;
}

/** The name of the user of this process; `undefined` where the system does not tell. */
export function thisUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
