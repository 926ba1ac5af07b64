import type { AssetKey } from "../../model/asset-spec.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import { primaryDimension } from "../../model/partitions/multi-keys.js";
import { MultiSpace } from "../../model/partitions/partition-space.js";
import { dividedAlike, type BackfillAsset, type BackfillGraph } from "./backfill-graph.js";
import type { AssetPartitions } from "./backfill-target.js";

/** A run that a backfill asks for. */
export interface BackfillRun {
  readonly assets: readonly AssetKey[];
  /** Of every asset of the run; `null`: they are not divided. */
  readonly partitions: IndexSet | null;
}

/** Runs of the same assets. */
export interface RunGroup {
  readonly assets: readonly AssetKey[];
  /** `null`: they are not divided, and there is one run. */
  readonly partitions: IndexSet | null;
  /** Whether a policy puts several partitions into a run; without one there is a run for each. */
  readonly isRanged: boolean;
}

/** Groups what was chosen: assets divided alike, with the same partitions and policy, share their runs. */
export function groupsOf(graph: BackfillGraph, chosen: AssetPartitions): RunGroup[] {
  const groups: { assets: BackfillAsset[]; set: IndexSet }[] = [];
  for (const [key, set] of chosen) {
    const asset = graph.asset(key);
    const group = groups.find(({ assets: [first], set: other }) => first && sameRuns(first, asset) && other.equals(set));
    if (group) group.assets.push(asset);
    else groups.push({ assets: [asset], set });
  }
  return groups.map(({ assets, set }) => ({
    assets: assets.map(({ key }) => key),
    partitions: assets[0]?.partitions === null ? null : set,
    isRanged: assets[0]?.policy !== undefined,
  }));
}

/** The runs of a group, in the order of their first partitions. */
export function runsOf(graph: BackfillGraph, { assets, partitions, isRanged }: RunGroup): BackfillRun[] {
  if (partitions === null) return [{ assets, partitions }];
  if (!isRanged) return [...partitions].map((index) => ({ assets, partitions: IndexSet.range(index, index + 1) }));
  const [first = ""] = assets;
  const most = graph.asset(first).policy?.maxPartitionsPerRun;
  return rangesOf(graph, first, partitions).flatMap((range) => {
    if (most === undefined || most === "all") return [{ assets, partitions: range }];
    const indexes = [...range];
    const count = Math.ceil(indexes.length / most);
    return Array.from({ length: count }, (_, at) => ({
      assets,
      partitions: IndexSet.ofNumbers(indexes.slice(at * most, (at + 1) * most)),
    }));
  });
}

function sameRuns(one: BackfillAsset, other: BackfillAsset): boolean {
  return one.policy?.maxPartitionsPerRun === other.policy?.maxPartitionsPerRun && dividedAlike(one, other);
}

/** The ranges of a set; of several dimensions, those along the dimension with the most keys in it, for each combination of the others. */
function rangesOf(graph: BackfillGraph, key: AssetKey, set: IndexSet): IndexSet[] {
  const space = graph.space(key);
  if (!(space instanceof MultiSpace)) return [...set.ranges()].map(([from, to]) => IndexSet.range(from, to));
  const parts = [...set].map((index) => ({ index, at: space.indexesAt(index) }));
  const along = longestDimension(space, parts);
  const rows = new Map<string, { index: number; at: number }[]>();
  for (const { index, at } of parts) {
    const row = at.toSpliced(along, 1).join();
    rows.set(row, [...(rows.get(row) ?? []), { index, at: at[along] ?? 0 }]);
  }
  return [...rows.values()].flatMap((row) => {
    const ranges: number[][] = [];
    row.forEach(({ index, at }, position) => {
      if (position > 0 && row[position - 1]?.at === at - 1) ranges.at(-1)?.push(index);
      else ranges.push([index]);
    });
    return ranges.map((indexes) => IndexSet.ofNumbers(indexes));
  });
}

/** The dimension in which these have the most different keys; of equals, not the one that comes first in grids. */
function longestDimension(space: MultiSpace, parts: readonly { readonly at: readonly number[] }[]): number {
  const primary = primaryDimension(space.definition);
  const lengths = space.dimensions.map(
    ({ name }, dimension) => new Set(parts.map(({ at }) => at[dimension])).size + (name === primary ? 0 : 0.5),
  );
  return lengths.indexOf(Math.max(...lengths));
}
