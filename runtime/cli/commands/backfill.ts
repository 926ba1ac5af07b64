import pc from "picocolors";
import { RequestError } from "../../../src/base/errors.js";
import { systemClock } from "../../../src/base/clock.js";
import type { BackfillRecord } from "../../../src/storage/backfill-store.js";
import type { BackfillOptions } from "../../launch/backfill-options.js";
import type { BackfillWatch } from "../../launch/backfill-driver.js";
import { Backfills } from "../../launch/backfills.js";
import type { Session } from "../../launch/session.js";
import type { BackfillReason } from "../../launch/backfill-reasons.js";
import type { PlannedBackfill } from "../../launch/planned-backfill.js";
import { BackfillProgressLines } from "../backfill-progress-lines.js";
import { EXIT } from "../exit-codes.js";
import { countOf } from "../format.js";
import { partitionsText } from "../partitions-text.js";
import { backfillOf, shortId, withSession } from "../project.js";
import type { CommonOptions } from "../program.js";
import { reprocessFlag } from "../reprocess-flag.js";
import { causeText } from "../staleness-text.js";
import { table } from "../table.js";
import { listBackfills, showBackfill, stopBackfill } from "./backfills.js";
import { readRunConfig } from "../read-run-config.js";
import { tagsOf } from "../tags.js";
import { stoppable } from "../stoppable.js";

/** Options of its own. */
export interface BackfillFlags {
  readonly partitions?: string;
  readonly missing?: boolean;
  readonly failed?: boolean;
  readonly stale?: boolean;
  readonly force?: boolean;
  readonly order?: string;
  readonly maxConcurrent?: string;
  readonly stopAfter?: string;
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly tag?: readonly string[];
  readonly config?: string;
}

/** `millrace backfill SELECTION`, or one of the words that are about a backfill that there is. An asset of such a name is selected by `key:list`. */
export async function backfill(
  what: string,
  id: string | undefined,
  flags: CommonOptions & BackfillFlags & { readonly limit: string },
): Promise<number> {
  if (what === "list") return listBackfills(flags);
  const verb = VERBS.find((each) => each === what);
  if (verb === undefined && id === undefined) return start(what, flags);
  if (verb === undefined)
    throw new RequestError("CLI.BACKFILL", `"${what}" is nothing that can be done with backfill ${id}.`, {
      fix: `Write one of ${VERBS.join(", ")}, or put a selection into quotes.`,
    });
  if (id === undefined)
    throw new RequestError("CLI.BACKFILL", `\`millrace backfill ${verb}\` does not say which.`, {
      fix: `Write \`millrace backfill ${verb} ID\`; see \`millrace backfill list\`. An asset of this name is "key:${verb}".`,
    });
  if (verb === "show") return showBackfill(id, flags);
  return verb === "resume" || verb === "retry" ? goOn(id, verb, flags) : stopBackfill(id, verb, flags);
}

const VERBS = ["show", "cancel", "pause", "resume", "retry"] as const;

/** Tells what it will do, then does it. */
function start(selection: string, flags: CommonOptions & BackfillFlags): Promise<number> {
  const options = optionsOf(flags);
  return withSession(flags, (session) => startBackfill(session, selection, { ...flags, options }));
}

/** How a backfill that is asked for is told, or that it is only told. */
type Telling = Pick<CommonOptions, "json"> & Pick<BackfillFlags, "dryRun">;

/** Plans a backfill, tells the plan, and drives it to its end. */
export async function startBackfill(
  session: Session,
  selection: string,
  { options, ...flags }: Telling & { readonly options: BackfillOptions },
): Promise<number> {
  const backfills = new Backfills(session);
  const planned = await backfills.plan(selection, options);
  if (!flags.json) process.stdout.write(planText(planned));
  if (flags.dryRun) {
    if (flags.json) process.stdout.write(`${JSON.stringify(planJson(planned))}\n`);
    return EXIT.ok;
  }
  const record = await backfills.create(selection, planned, options);
  return driven(record, flags.json === true, planned.count.runs, (watch) =>
    backfills.resume(record, { ...watch, ...(options.config === undefined ? {} : { config: options.config }) }),
  );
}

function goOn(id: string, how: "resume" | "retry", options: CommonOptions & Pick<BackfillFlags, "config">): Promise<number> {
  return withSession(options, async (session) => {
    const config = readConfig(options.config);
    const record = await backfillOf(session.store, id);
    const backfills = new Backfills(session);
    return driven(record, options.json === true, undefined, (watch) => backfills[how](record, { ...watch, ...config }));
  });
}

function optionsOf(flags: BackfillFlags): BackfillOptions {
  return {
    reprocess: reprocessFlag(flags) ?? "all",
    force: flags.force === true,
    tags: tagsOf(flags.tag ?? []),
    ...readConfig(flags.config),
    ...(flags.partitions === undefined ? {} : { partitions: flags.partitions }),
    ...(flags.order === undefined ? {} : { order: flags.order as "oldest" }),
    ...(flags.maxConcurrent === undefined ? {} : { maxConcurrentRuns: Number(flags.maxConcurrent) }),
    ...(flags.stopAfter === undefined ? {} : { stopAfter: flags.stopAfter }),
    ...(flags.reason === undefined ? {} : { reason: flags.reason }),
  };
}

function readConfig(file: string | undefined): Pick<BackfillOptions, "config"> {
  return file === undefined ? {} : { config: readRunConfig(file) };
}

async function driven(
  record: BackfillRecord,
  json: boolean,
  runs: number | undefined,
  drive: (watch: BackfillWatch) => Promise<BackfillRecord>,
): Promise<number> {
  const progress = json ? undefined : new BackfillProgressLines({ out: process.stdout, runs, nowMs: () => systemClock.nowMs() });
  if (!json) process.stdout.write(pc.dim(`Backfill ${shortId(record.id)}\n`));
  const ended = await stoppable((signal) =>
    drive({
      signal,
      onRunEnd: (run, report) => progress?.ended(run, report),
    }),
  ).finally(() => progress?.close());
  if (json) process.stdout.write(`${JSON.stringify(ended)}\n`);
  else process.stdout.write(conclusion(ended));
  return ended.status === "SUCCESS" ? EXIT.ok : ended.status === "FAILURE" ? EXIT.failed : EXIT.canceled;
}

function conclusion({ id, status, error, runCount }: BackfillRecord): string {
  const name = shortId(id);
  const runs = countOf(runCount, "run");
  switch (status) {
    case "SUCCESS":
      return `Backfill ${name} ${pc.green("succeeded")} with ${runs}.\n`;
    case "PAUSED":
      return `Backfill ${name} is ${pc.yellow("paused")} after ${runs}. Go on with \`millrace backfill resume ${name}\`.\n`;
    case "CANCELED":
      return `Backfill ${name} ${pc.yellow("was canceled")} after ${runs}.\n`;
    default:
      return `Backfill ${name} ${pc.red("failed")} after ${runs}: ${error ?? status}\nSee \`millrace backfill show ${name}\`; \`millrace backfill retry ${name}\` makes what is left.\n`;
  }
}

function planText({ graph, target, count, why }: PlannedBackfill): string {
  const rows = [...target].map(([key, set]) => [key, String(set.size), partitionsText(graph.space(key), set), reasonText(why.get(key))]);
  const sum = [...target.values()].reduce((all, set) => all + set.size, 0);
  const runs = `${count.isMore ? "more than " : ""}${countOf(count.runs, "run")}`;
  return `${table(["asset", "count", "partitions", "why"], rows)}\n\n${countOf(sum, "partition")} of ${countOf(target.size, "asset")} in ${runs}.\n`;
}

function reasonText(reason: BackfillReason | undefined): string {
  switch (reason?.kind) {
    case "follows":
      return `made from ${reason.upstream.length === 0 ? "what is asked for" : reason.upstream.join(", ")}`;
    case "stale": {
      const counts = [...(reason.missing > 0 ? [`${reason.missing} missing`] : []), ...(reason.stale > 0 ? [`${reason.stale} stale`] : [])];
      return `${counts.join(", ")}${reason.cause ? `: ${causeText(reason.cause)}` : ""}`;
    }
    case "missing":
    case "failed":
      return reason.kind;
    default:
      return "asked for";
  }
}

function planJson({ graph, target, count, why }: PlannedBackfill): unknown {
  const assets = [...target].map(([key, set]) => {
    const space = graph.space(key);
    return {
      key,
      count: set.size,
      why: why.get(key),
      ranges: space ? [...set.ranges()].map(([from, to]) => [space.keyAt(from), space.keyAt(to - 1)]) : null,
    };
  });
  return { assets, runs: count.runs, moreRuns: count.isMore };
}
