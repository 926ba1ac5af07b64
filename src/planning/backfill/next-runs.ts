import type { AssetKey } from "../../model/asset-spec.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import type { BackfillGraph } from "./backfill-graph.js";
import { lostPartitions, partitionsOf as of, underWay, type BackfillProgress } from "./backfill-progress.js";
import type { AssetPartitions } from "./backfill-target.js";
import { readyOfUnit, type BackfillUnit, type Look } from "./ready-partitions.js";
import { groupsOf, runsOf, type BackfillRun } from "./run-groups.js";

/** How {@link nextRuns} chooses. */
export interface NextRunsOptions {
  /**
   * Assets that get several partitions a run wait until no run of what they need, directly or not, is under way, so that their ranges do not
   * splinter. Default false: whoever asks once for many ends of runs gets whole ranges anyway.
   */
  readonly keepRangesWhole?: boolean;
}

/**
 * The runs that can be asked for now: what is targeted, was not asked for yet, and has all its targeted upstream materialized, or asked for in the same run.
 * @remarks Pure. The walk begins with the partitions that have no targeted upstream at all; later, with what depends on assets of which something is materialized or failed.
 * What is chosen for an asset leads to what depends on it.
 * @throws {@link RequestError} `REQUEST.BACKFILL_UPSTREAM` if a partition needs an upstream partition that does not exist
 */
export function nextRuns(graph: BackfillGraph, progress: BackfillProgress, options: NextRunsOptions = {}): BackfillRun[] {
  const isBegun = [...progress.requested.values()].some((set) => set.size > 0);
  const isUnderWay = (key: AssetKey): boolean => underWay(progress, key).size > 0;
  const held = options.keepRangesWhole ? isUnderWay : (): boolean => false;
  const look = { graph, progress, lost: lostPartitions(graph, progress) };
  const roots = (): AssetPartitions => rootPartitions(graph, progress.target);
  let chosen = choose({ ...look, roots: isBegun ? NO_PARTITIONS : roots(), chosen: new Map() }, held);
  // Nothing under way and nothing to do, though something is left: the beginnings that had to wait are looked at once more.
  if (isBegun && chosen.size === 0 && ![...progress.requested.keys()].some(isUnderWay))
    chosen = choose({ ...look, roots: roots(), chosen: new Map() }, held);
  return groupsOf(graph, chosen).flatMap((group) => runsOf(graph, group));
}

/** No partition of any asset. */
export const NO_PARTITIONS: AssetPartitions = new Map();

function choose(look: Look, held: (key: AssetKey) => boolean): AssetPartitions {
  const { target } = look.progress;
  for (const unit of unitsOf(look.graph, target)) {
    if (isRanged(unit) && targetedAncestors(look.graph, target, unit).some(held)) continue;
    const set = readyOfUnit(look, unit);
    if (set.size > 0) for (const { key } of unit) look.chosen.set(key, set);
  }
  return look.chosen;
}

/** Whether a run of the unit may have several partitions. */
export function isRanged(unit: BackfillUnit): boolean {
  return unit.some(({ policy }) => policy !== undefined && policy.maxPartitionsPerRun !== 1);
}

/** Targeted assets that a unit needs, directly or through targeted ones; none of its own. */
export function targetedAncestors(graph: BackfillGraph, target: AssetPartitions, unit: BackfillUnit): AssetKey[] {
  const found = new Set<AssetKey>(unit.map(({ key }) => key));
  for (const key of found) for (const { up } of graph.upstream(key)) if (target.has(up)) found.add(up);
  for (const { key } of unit) found.delete(key);
  return [...found];
}

const rootsOfTarget = new WeakMap<AssetPartitions, AssetPartitions>();

/** Targeted partitions that depend on no other targeted one, directly or through any partitions of targeted assets. */
export function rootPartitions(graph: BackfillGraph, target: AssetPartitions): AssetPartitions {
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

/** The targeted assets, upstream first, with those of one unit together, behind all that any of them needs. */
export function unitsOf(graph: BackfillGraph, target: AssetPartitions): BackfillUnit[] {
  const units = new Map<string, BackfillUnit>();
  for (const asset of graph.assets) {
    if (asset.unit === undefined && !target.has(asset.key)) continue;
    const name = asset.unit === undefined ? `asset ${asset.key}` : `unit ${asset.unit}`;
    const unit = units.get(name) ?? [];
    units.delete(name);
    units.set(name, [...unit, asset]);
  }
  return [...units.values()].filter((unit) => unit.some(({ key }) => target.has(key)));
}
