import type { DeclarationSite } from "../../src/base/declaration-site.js";
import type { BackfillPolicy } from "../../src/model/backfill-policy.js";
import type { PartitionsDefinition } from "../../src/model/partitions/partitions-definition.js";
import type { AssetFields } from "./declaration.js";
import { OptionError } from "./option-error.js";

/** How an asset is made anew: what runs together, and what need not run. */
export interface RefreshOptions {
  /** How a backfill puts its partitions into runs. @defaultValue a run for each partition */
  readonly backfill?: BackfillPolicy;
  /** `false`: it is made whenever it is asked for, also when its code and all that it reads are as they were. @defaultValue true */
  readonly reuse?: boolean;
}

/** How an asset is divided. */
export interface DivisionOptions {
  /** Its partitions: `dailyPartitions({ start: "2025-01-01" })` and its like. @defaultValue it is not divided */
  readonly partitions?: PartitionsDefinition;
}

const KINDS: readonly unknown[] = ["time", "static", "dynamic", "multi"];

/** The options that tell how an asset is divided and made anew, found right. @throws {@link OptionError} for the first that is not */
export function parsePartitionOptions(
  raw: DivisionOptions & RefreshOptions,
  site: DeclarationSite,
): Pick<AssetFields, "partitions" | "backfillPolicy" | "reuse"> {
  const { partitions, backfill, reuse } = raw;
  if (partitions !== undefined) checkDefinition(partitions, site);
  if (backfill !== undefined) checkPolicy(backfill, partitions, site);
  if (reuse !== undefined && typeof reuse !== "boolean")
    throw new OptionError(
      `reuse is ${JSON.stringify(reuse)}.`,
      site,
      "Write reuse: false to make the asset each time, or leave the option out.",
    );
  return {
    ...(partitions === undefined ? {} : { partitions }),
    ...(backfill === undefined ? {} : { backfillPolicy: { maxPartitionsPerRun: backfill.maxPartitionsPerRun } }),
    ...(reuse === undefined ? {} : { reuse }),
  };
}

function checkDefinition(partitions: unknown, site: DeclarationSite): void {
  if (typeof partitions === "object" && partitions !== null && KINDS.includes((partitions as { kind?: unknown }).kind)) return;
  throw new OptionError(
    `partitions is ${shown(partitions)}, which is no definition of partitions.`,
    site,
    'Make it by dailyPartitions({ start: "2025-01-01" }), staticPartitions(["a", "b"]), dynamicPartitions("name") or one of their like.',
  );
}

function checkPolicy(backfill: BackfillPolicy, partitions: PartitionsDefinition | undefined, site: DeclarationSite): void {
  const most: unknown = (backfill as { maxPartitionsPerRun?: unknown } | null)?.maxPartitionsPerRun;
  if (most !== "all" && !(Number.isInteger(most) && (most as number) >= 1)) {
    throw new OptionError(
      `backfill.maxPartitionsPerRun is ${shown(most)}.`,
      site,
      'Give a whole number of at least 1, or "all": backfill: { maxPartitionsPerRun: 10 }.',
    );
  }
  if (partitions === undefined)
    throw new OptionError(
      "backfill is given without partitions, so that there is nothing to put into runs.",
      site,
      "Give partitions too, or take backfill out.",
    );
}

function shown(thing: unknown): string {
  return typeof thing === "function" ? `the function ${thing.name}` : (JSON.stringify(thing) ?? String(thing));
}
