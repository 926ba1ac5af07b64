import { RequestError } from "../../base/errors.js";
import type { AssetKey } from "../../model/asset-spec.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import { primaryDimension } from "../../model/partitions/multi-keys.js";
import { MultiSpace } from "../../model/partitions/partition-space.js";
import { dividedAlike, type BackfillAsset, type BackfillEdge, type BackfillGraph } from "./backfill-graph.js";
import type { AssetPartitions } from "./backfill-target.js";

/** How far a backfill is. Each set lies within the target. */
export interface BackfillProgress {
  readonly target: AssetPartitions;
  /** In runs that were asked for, whatever came of them. */
  readonly requested: AssetPartitions;
  readonly materialized: AssetPartitions;
  /** In runs that ended without materializing them. */
  readonly failed: AssetPartitions;
}

/** A run that a backfill asks for. */
export interface BackfillRun {
  readonly assets: readonly AssetKey[];
  /** Of every asset of the run; `null`: they are not divided. */
  readonly partitions: IndexSet | null;
}

/**
 * The runs that can be asked for now: what is targeted, was not asked for yet, and has all its targeted upstream materialized, or asked for in the same run.
 * @remarks Pure. The walk begins with the partitions that have no targeted upstream at all; later, with what depends on assets of which something is materialized or failed.
 * What is chosen for an asset leads to what depends on it.
 * @throws {@link RequestError} `REQUEST.BACKFILL_UPSTREAM` if a partition needs an upstream partition that does not exist
 */
export function nextRuns(graph: BackfillGraph, progress: BackfillProgress): BackfillRun[] {
  const begun = [...progress.requested.values()].some((set) => set.size > 0);
  const roots = (): AssetPartitions => rootPartitions(graph, progress.target);
  let chosen = choose(graph, progress, begun ? NONE : roots());
  // Nothing under way and nothing to do, though something is left: the beginnings that had to wait are looked at once more.
  if (begun && chosen.size === 0 && isIdle(progress)) chosen = choose(graph, progress, roots());
  return groupedRuns(graph, chosen);
}

const NONE: AssetPartitions = new Map();

function choose(graph: BackfillGraph, progress: BackfillProgress, roots: AssetPartitions): AssetPartitions {
  const chosen = new Map<AssetKey, IndexSet>();
  const lost = lostPartitions(graph, progress);
  for (const unit of unitsOf(graph, progress.target)) {
    const reached = unit
      .map(({ key }) => reachedPartitions(graph, progress, key, chosen).union(of(roots, key)))
      .reduce((all, set) => all.union(set), IndexSet.empty());
    let ready = reached;
    for (const asset of unit) ready = readyPartitions(graph, progress, { asset, unit, chosen, lost, reached }, ready);
    if (ready.size > 0) for (const { key } of unit) chosen.set(key, ready);
  }
  return chosen;
}

function isIdle({ requested, materialized, failed }: BackfillProgress): boolean {
  return [...requested].every(([key, set]) => set.difference(of(materialized, key)).isSubsetOf(of(failed, key)));
}

/** Targeted partitions that may be looked at now, because something that they need has ended, or was chosen. */
function reachedPartitions(
  graph: BackfillGraph,
  { target, materialized, failed }: BackfillProgress,
  key: AssetKey,
  chosen: AssetPartitions,
): IndexSet {
  if (graph.upstream(key).some(({ up }) => of(materialized, up).size > 0 || of(failed, up).size > 0)) return of(target, key);
  const sets = graph.upstream(key).map((edge) => edge.mapper.downstreamOf(of(chosen, edge.up)));
  return sets.reduce((all, set) => all.union(set), IndexSet.empty());
}

const rootsOfTarget = new WeakMap<AssetPartitions, AssetPartitions>();

/** Targeted partitions that depend on no other targeted one, directly or through any partitions of targeted assets. */
function rootPartitions(graph: BackfillGraph, target: AssetPartitions): AssetPartitions {
  const known = rootsOfTarget.get(target);
  if (known) return known;
  const below = new Map<AssetKey, IndexSet>();
  for (const { key } of graph.assets.filter((asset) => target.has(asset.key))) {
    const sets = graph
      .upstream(key)
      .filter(({ up }) => up !== key)
      .map((edge) => edge.mapper.downstreamOf(of(target, edge.up).union(of(below, edge.up))));
    below.set(
      key,
      sets.reduce((all, set) => all.union(set), IndexSet.empty()),
    );
  }
  const roots = new Map([...target].map(([key, set]) => [key, set.difference(of(below, key))]));
  rootsOfTarget.set(target, roots);
  return roots;
}

/** Targeted partitions that failed, or that need one that did: they are never asked for. */
export function lostPartitions(graph: BackfillGraph, { target, failed }: BackfillProgress): AssetPartitions {
  const lost = new Map<AssetKey, IndexSet>();
  const add = (key: AssetKey, set: IndexSet): void => {
    const known = lost.get(key) ?? IndexSet.empty();
    const more = set.intersection(of(target, key)).difference(known);
    if (more.size === 0) return;
    lost.set(key, known.union(more));
    for (const edge of graph.downstream(key)) add(edge.down, edge.mapper.downstreamOf(more));
    const { unit } = graph.asset(key);
    for (const mate of unit === undefined ? [] : graph.assets.filter((each) => each.unit === unit)) add(mate.key, more);
  };
  for (const [key, set] of failed) add(key, set);
  return lost;
}

interface Candidate {
  readonly asset: BackfillAsset;
  readonly unit: readonly BackfillAsset[];
  readonly chosen: AssetPartitions;
  readonly lost: AssetPartitions;
  readonly reached: IndexSet;
}

/** Those of the partitions that can be asked for, as far as one asset of the unit is concerned. */
function readyPartitions(graph: BackfillGraph, progress: BackfillProgress, candidate: Candidate, looked: IndexSet): IndexSet {
  const { key, policy } = candidate.asset;
  let ready = looked
    .intersection(of(progress.target, key))
    .difference(of(progress.requested, key))
    .difference(of(progress.materialized, key))
    .difference(of(candidate.lost, key));
  const edges = [...graph.upstream(key)].sort((a, b) => (a.up < b.up ? -1 : 1));
  const upstreamIsChosen = edges.some(({ up }) => of(candidate.chosen, up).size > 0);
  for (const edge of edges) {
    if (ready.size === 0) return ready;
    const absent = absentUpstream(progress, edge, ready);
    const waiting = edge.mapper.downstreamOf(absent).intersection(ready);
    if (waiting.size > 0 && !mayRunTogether(graph, progress, { ...candidate, ready }, edge, absent)) {
      // A part of the asset in another run than an upstream that is asked for now would not see what it needs: it waits as a whole.
      if (edge.up !== key && upstreamIsChosen) return IndexSet.empty();
      ready = ready.difference(waiting);
    }
    if (edge.up === key) ready = firstOf(ready, policy?.maxPartitionsPerRun);
  }
  return ready;
}

/** Partitions of the upstream that these need, that are targeted, and that are not materialized yet. */
function absentUpstream(progress: BackfillProgress, edge: BackfillEdge, ready: IndexSet): IndexSet {
  const { partitions: needed, nonexistent } = edge.mapper.upstreamOf(ready);
  const [missing] = nonexistent;
  if (missing && missing.count > 0) {
    throw new RequestError(
      "REQUEST.BACKFILL_UPSTREAM",
      `"${edge.down}" needs partition "${missing.keyAt(0)}" of "${edge.up}", which does not exist.`,
      {
        fix: "Leave the partitions that need it out, or set allowNonexistentUpstream on the mapping.",
      },
    );
  }
  return needed.intersection(of(progress.target, edge.up)).difference(of(progress.materialized, edge.up));
}

/** An asset that needs its own earlier partitions gets one run at a time. */
function firstOf(ready: IndexSet, most: number | "all" | undefined): IndexSet {
  if (most === undefined || most === "all" || ready.size <= most) return ready;
  return ready.intersection(IndexSet.range(0, ready.at(most) ?? 0));
}

/** Whether the upstream may be made in the same run as all that is ready of what needs it. */
function mayRunTogether(
  graph: BackfillGraph,
  { target }: BackfillProgress,
  { unit, chosen: all, ready, reached }: Candidate & { readonly ready: IndexSet },
  edge: BackfillEdge,
  absent: IndexSet,
): boolean {
  const [up, down] = [graph.asset(edge.up), graph.asset(edge.down)];
  const isItself = edge.up === edge.down;
  const chosen = of(all, edge.up);
  if (!isItself && !chosen.equals(ready) && !(unit.includes(up) && reached.equals(ready))) return false;
  if (up.policy?.maxPartitionsPerRun !== down.policy?.maxPartitionsPerRun || !dividedAlike(up, down)) return false;
  const needsItself = graph.upstream(edge.down).some((each) => each.up === edge.down);
  if (needsItself && !unit.includes(up) && chosen.size > 0) return false;
  const most = up.policy?.maxPartitionsPerRun;
  if (isItself) return most !== undefined && absent.isSubsetOf(ready);
  return (
    isIdentity(edge, up) ||
    (most !== undefined &&
      of(target, edge.up).equals(of(target, edge.down)) &&
      (most === "all" || most > chosen.size) &&
      chosen.size === of(target, edge.up).size)
  );
}

function isIdentity({ mapping }: BackfillEdge, up: BackfillAsset): boolean {
  if (mapping.kind === "time-window") return (mapping.startOffset ?? 0) === 0 && (mapping.endOffset ?? 0) === 0;
  return mapping.kind === "identity" || up.partitions === null;
}

/** The targeted assets, upstream first, with those of one unit together. */
function unitsOf(graph: BackfillGraph, target: AssetPartitions): BackfillAsset[][] {
  const units = new Map<string, BackfillAsset[]>();
  for (const asset of graph.assets) {
    if (asset.unit === undefined && !target.has(asset.key)) continue;
    const name = asset.unit === undefined ? `asset ${asset.key}` : `unit ${asset.unit}`;
    const unit = units.get(name) ?? [];
    units.delete(name); // it comes after all that any of its assets needs
    units.set(name, [...unit, asset]);
  }
  return [...units.values()].filter((unit) => unit.some(({ key }) => target.has(key)));
}

function of(partitions: AssetPartitions, key: AssetKey): IndexSet {
  return partitions.get(key) ?? IndexSet.empty();
}

/** Puts what was chosen into runs: assets divided alike, with the same partitions and policy, share theirs. */
function groupedRuns(graph: BackfillGraph, chosen: AssetPartitions): BackfillRun[] {
  const groups: { assets: BackfillAsset[]; set: IndexSet }[] = [];
  for (const [key, set] of chosen) {
    const asset = graph.asset(key);
    const group = groups.find(({ assets: [first], set: other }) => first && sameRuns(first, asset) && other.equals(set));
    if (group) group.assets.push(asset);
    else groups.push({ assets: [asset], set });
  }
  return groups.flatMap(({ assets, set }) => (assets[0]?.policy ? rangedRuns(graph, assets, set) : singleRuns(assets, set)));
}

function sameRuns(one: BackfillAsset, other: BackfillAsset): boolean {
  return one.policy?.maxPartitionsPerRun === other.policy?.maxPartitionsPerRun && dividedAlike(one, other);
}

function singleRuns(assets: readonly BackfillAsset[], set: IndexSet): BackfillRun[] {
  const keys = assets.map(({ key }) => key);
  if (assets[0]?.partitions === null) return [{ assets: keys, partitions: null }];
  return [...set].map((index) => ({ assets: keys, partitions: IndexSet.range(index, index + 1) }));
}

function rangedRuns(graph: BackfillGraph, assets: readonly BackfillAsset[], set: IndexSet): BackfillRun[] {
  const [first] = assets;
  const keys = assets.map(({ key }) => key);
  if (!first || first.partitions === null) return [{ assets: keys, partitions: null }];
  const most = first.policy?.maxPartitionsPerRun;
  return rangesOf(graph, first.key, set).flatMap((range) => {
    if (most === undefined || most === "all") return [{ assets: keys, partitions: range }];
    const runs: BackfillRun[] = [];
    const indexes = [...range];
    for (let at = 0; at < indexes.length; at += most)
      runs.push({ assets: keys, partitions: IndexSet.ofNumbers(indexes.slice(at, at + most)) });
    return runs;
  });
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
