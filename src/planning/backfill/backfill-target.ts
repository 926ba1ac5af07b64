import { RequestError } from "../../base/errors.js";
import type { AssetKey } from "../../model/asset-spec.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import { dividedAlike, type BackfillGraph } from "./backfill-graph.js";

/** Partitions of assets; an asset that is not divided has `{0}`. */
export type AssetPartitions = ReadonlyMap<AssetKey, IndexSet>;

/** Every partition of these assets. */
export function allPartitionsOf(graph: BackfillGraph, assets: readonly AssetKey[]): AssetPartitions {
  return new Map(assets.map((key) => [key, graph.all(key)]));
}

/**
 * These partitions of the assets that come first, and, through the mappings, what of the others depends on them. Assets that are not divided are targeted whole.
 * @throws {@link RequestError} `REQUEST.BACKFILL_ROOTS` if the assets that come first are not divided alike
 */
export function partitionsFromRoots(graph: BackfillGraph, assets: readonly AssetKey[], of: (key: AssetKey) => IndexSet): AssetPartitions {
  const divided = new Set(assets.filter((key) => graph.space(key) !== null));
  const roots = rootsOf(graph, divided);
  const [first, ...others] = roots.map((key) => graph.asset(key));
  const other = first && others.find((each) => !dividedAlike(first, each));
  if (other) {
    throw new RequestError(
      "REQUEST.BACKFILL_ROOTS",
      `The partitions are those of the first assets, but "${first.key}" and "${other.key}" are divided differently.`,
      {
        fix: "Backfill them one after the other, or give each its own range.",
      },
    );
  }
  const target = new Map<AssetKey, IndexSet>(assets.filter((key) => !divided.has(key)).map((key) => [key, graph.all(key)]));
  for (const root of roots) addWithDownstream(graph, divided, target, root, of(root));
  return target;
}

/** The divided assets that need no other of them, directly or through any asset. */
export function rootsOf(graph: BackfillGraph, divided: ReadonlySet<AssetKey>): AssetKey[] {
  const below = new Set<AssetKey>();
  for (const { key } of graph.assets) {
    if (graph.upstream(key).some(({ up }) => up !== key && (below.has(up) || divided.has(up)))) below.add(key);
  }
  return [...divided].filter((key) => !below.has(key));
}

function addWithDownstream(
  graph: BackfillGraph,
  among: ReadonlySet<AssetKey>,
  target: Map<AssetKey, IndexSet>,
  key: AssetKey,
  set: IndexSet,
): void {
  const known = target.get(key) ?? IndexSet.empty();
  const more = set.difference(known);
  if (more.size === 0) return;
  target.set(key, known.union(more));
  for (const edge of graph.downstream(key)) {
    if (edge.down !== key && among.has(edge.down)) addWithDownstream(graph, among, target, edge.down, edge.mapper.downstreamOf(more));
  }
}
