import { reach } from "../../src/graph/adjacency.js";
import type { AssetGraph } from "../../src/graph/asset-graph.js";
import type { AssetKey, AssetSpec } from "../../src/model/asset-spec.js";
import { StalenessIndex } from "../../src/planning/staleness/staleness-index.js";
import type { LatestMaterialization, RunStore } from "../../src/storage/run-store.js";

/** What the store has of some assets and of all that is upstream of them, and how these are by it. */
export interface ReadStaleness {
  readonly index: StalenessIndex;
  readonly latest: readonly LatestMaterialization[];
}

/** @param keys - assets that are asked for; what is upstream of them is judged too, and nothing else */
export async function readStaleness(
  store: Pick<RunStore, "latestMaterializations">,
  graph: AssetGraph<AssetSpec>,
  keys: readonly AssetKey[],
): Promise<ReadStaleness> {
  const wanted = new Uint8Array(graph.size);
  for (const key of keys) wanted[graph.idOf(key) as number] = 1;
  const all = reach(graph.parentIds, wanted, Infinity);
  const specs = graph.keys().flatMap((key, id) => (all[id] === 1 ? graph.spec(key) : []));
  const latest = await store.latestMaterializations(specs.map((spec) => spec.key));
  const records = new Map(
    latest.map(({ assetKey, materialization, observation }) => [assetKey, (materialization ?? observation)?.payload]),
  );
  return { index: new StalenessIndex(specs, (key) => records.get(key)), latest };
}
