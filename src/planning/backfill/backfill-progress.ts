import type { AssetKey } from "../../model/asset-spec.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import type { BackfillGraph } from "./backfill-graph.js";
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

/** The partitions of one asset; none where it is not named. */
export function partitionsOf(partitions: AssetPartitions, key: AssetKey): IndexSet {
  return partitions.get(key) ?? IndexSet.empty();
}

/** In runs that have not ended. */
export function underWay({ requested, materialized, failed }: BackfillProgress, key: AssetKey): IndexSet {
  return partitionsOf(requested, key).difference(partitionsOf(materialized, key)).difference(partitionsOf(failed, key));
}

/** Targeted partitions that failed, or that need one that did: they are never asked for. */
export function lostPartitions(graph: BackfillGraph, { target, failed }: BackfillProgress): AssetPartitions {
  const lost = new Map<AssetKey, IndexSet>();
  for (const [key, set] of failed) addLost(graph, target, lost, [key, set]);
  return lost;
}

/** Adds partitions that failed to those that are lost, with what is lost because of them. */
export function addLost(
  graph: BackfillGraph,
  target: AssetPartitions,
  lost: Map<AssetKey, IndexSet>,
  [key, set]: readonly [AssetKey, IndexSet],
): void {
  const known = partitionsOf(lost, key);
  const more = set.intersection(partitionsOf(target, key)).difference(known);
  if (more.size === 0) return;
  lost.set(key, known.union(more));
  for (const edge of graph.downstream(key)) addLost(graph, target, lost, [edge.down, edge.mapper.downstreamOf(more)]);
  for (const mate of graph.mates(key)) addLost(graph, target, lost, [mate, more]);
}
