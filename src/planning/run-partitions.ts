import { RequestError } from "../base/errors.js";
import { checkId, type AssetKey, type AssetSpec } from "../model/asset-spec.js";
import { IndexSet } from "../model/partitions/index-set.js";
import { requirePartition, type PartitionSpace } from "../model/partitions/partition-space.js";
import { samePartitions, type PartitionsDefinition } from "../model/partitions/partitions-definition.js";
import type { RunPartitions } from "../model/run-plan.js";
import type { PlanCatalog, PlanSelection } from "./plan-run.js";

/**
 * The definition that all divided assets of a selection share, those of its checks included; `null`: none of them is divided.
 * @throws {@link RequestError} `PLAN.PARTITIONS_DIFFER` when they are divided in different ways: no single run can make them
 */
export function sharedPartitions(catalog: PlanCatalog, selection: PlanSelection): PartitionsDefinition | null {
  const ways: { readonly definition: PartitionsDefinition; readonly assets: AssetKey[] }[] = [];
  for (const { key, partitions } of dividedAssets(catalog, selection)) {
    const way = ways.find(({ definition }) => samePartitions(definition, partitions));
    if (way) way.assets.push(key);
    else ways.push({ definition: partitions, assets: [key] });
  }
  if (ways.length <= 1) return ways[0]?.definition ?? null;
  const named = ways.map(({ assets }) => `${assets.slice(0, SHOWN).map(quoted).join(", ")}${assets.length > SHOWN ? ", …" : ""}`);
  throw new RequestError(
    "PLAN.PARTITIONS_DIFFER",
    `The assets of one run have the same partitions; these are divided in ${ways.length} ways: ${named.join(" / ")}.`,
    { fix: "Select those that are divided alike, or let a backfill make the runs: `millrace backfill SELECTION`." },
  );
}

const SHOWN = 5;

/**
 * Looks whether the partitions of a run are those that its assets need.
 * @throws {@link RequestError} when divided assets have none, or undivided ones have some
 */
export function checkRunPartitions(catalog: PlanCatalog, selection: PlanSelection, partitions: RunPartitions | undefined): void {
  const definition = sharedPartitions(catalog, selection);
  if (definition === null) {
    if (partitions) throw nothingDivided(textOf(partitions));
    return;
  }
  if (partitions === undefined) {
    const keys = dividedAssets(catalog, selection).map(({ key }) => key);
    const rest = keys.length > 1 ? ` (and ${keys.length - 1} more)` : "";
    throw new RequestError("PLAN.NO_PARTITION", `"${keys[0] ?? ""}"${rest} is divided, and the run names no partition.`, {
      fix: "Name it, `--partition KEY`, or a range, `--partitions FIRST...LAST`; `millrace backfill` makes them all, `--missing` those that are missing.",
    });
  }
  if (!samePartitions(definition, partitions.definition)) {
    throw new RequestError("PLAN.PARTITIONS_CHANGED", "The partitions of the run are no longer those of its assets.", {
      fix: "Materialize what you want again.",
    });
  }
}

/** The error of partitions that nothing of the selection has. */
export function nothingDivided(text: string): RequestError {
  return new RequestError("PLAN.NOTHING_DIVIDED", `Nothing that the selection holds is divided, so there is no partition "${text}".`, {
    fix: "Leave the partition out, or select an asset that has partitions.",
  });
}

/** The numbers of a run's partitions. @throws {@link RequestError} `REQUEST.UNKNOWN_PARTITION` for one that does not exist (any more) */
export function setOfRun(space: PartitionSpace, { ranges }: RunPartitions): IndexSet {
  return IndexSet.of(ranges.map(([first, last]) => [requirePartition(space, first), requirePartition(space, last) + 1]));
}

/** A set of partitions as the plan of a run holds it. */
export function runPartitions(space: PartitionSpace, set: IndexSet): RunPartitions {
  const ranges = [...set.ranges()].map(([from, to]) => [space.keyAt(from), space.keyAt(to - 1)] as const);
  return { definition: space.definition, ranges };
}

/** The partitions of a run in a few words: `2025-01-01`, `2025-01-01...2025-01-31`, or several of these with commas. */
export function textOf({ ranges: all }: RunPartitions): string {
  const ranges = all.map(([first, last]) => (first === last ? first : `${first}...${last}`));
  return `${ranges.slice(0, SHOWN).join(",")}${ranges.length > SHOWN ? ",…" : ""}`;
}

type Divided = AssetSpec & { readonly partitions: PartitionsDefinition };

function dividedAssets(catalog: PlanCatalog, selection: PlanSelection): Divided[] {
  const wanted = new Set(selection.assets);
  const ids = new Set(selection.checks);
  const checked = new Set(ids.size > 0 ? catalog.checks.filter((check) => ids.has(checkId(check))).map((check) => check.asset) : []);
  return catalog.assets.filter(
    (spec): spec is Divided => spec.partitions !== null && (checked.has(spec.key) || (wanted.has(spec.key) && spec.unit !== undefined)),
  );
}

function quoted(key: AssetKey): string {
  return `"${key}"`;
}
