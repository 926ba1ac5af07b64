import { reach } from "../../src/graph/adjacency.js";
import type { AssetGraph } from "../../src/graph/asset-graph.js";
import type { AssetKey, AssetSpec } from "../../src/model/asset-spec.js";
import type { CustomMapping } from "../../src/model/partition-mapping/custom-mapping.js";
import { layoutOf } from "../../src/model/partitions/partition-layout.js";
import { openPartitions, type PartitionSpace } from "../../src/model/partitions/partition-space.js";
import type { RecordedVersions, StalenessAsset } from "../../src/planning/staleness/staleness.js";
import { StalenessIndex } from "../../src/planning/staleness/staleness-index.js";
import type { Store } from "../../src/storage/store.js";
import { partitionsAsOf } from "./launched-partitions.js";

/** Where the versions are read. */
export interface StalenessWorld {
  readonly store: Store;
  readonly graph: AssetGraph<AssetSpec>;
  readonly nowMs: number;
  /** Code of authors' own mappings, by id. */
  readonly mappings: ReadonlyMap<string, CustomMapping>;
}

/** @param keys - assets that are asked for; what is upstream of them is judged too, and nothing else */
export async function readStaleness(world: StalenessWorld, keys: readonly AssetKey[]): Promise<StalenessIndex> {
  const { store, graph, nowMs, mappings } = world;
  const wanted = new Uint8Array(graph.size);
  for (const key of keys) wanted[graph.idOf(key) as number] = 1;
  const all = reach(graph.parentIds, wanted, Infinity);
  const specs = graph.keys().flatMap((key, id) => (all[id] === 1 ? graph.spec(key) : []));
  const latest = await store.latestMaterializations(specs.map((spec) => spec.key));
  const records = new Map(
    latest.map(({ assetKey, materialization, observation }) => [assetKey, (materialization ?? observation)?.payload]),
  );
  const divided = specs.filter((spec) => spec.partitions !== null);
  const asOf = await partitionsAsOf(
    store,
    nowMs,
    divided.map((spec) => spec.partitions),
  );
  const ofPartitions = new Map<AssetKey, [number, RecordedVersions][]>();
  for (const { key, partitions } of divided) {
    if (partitions) ofPartitions.set(key, await recordsOfPartitions(store, key, openPartitions(partitions, asOf)));
  }
  return new StalenessIndex(specs.map(judged), (key) => records.get(key), {
    asOf,
    mappings,
    recordsOf: (key) => ofPartitions.get(key) ?? [],
  });
}

const PAGE = 1_000;

async function recordsOfPartitions(store: Store, key: AssetKey, space: PartitionSpace): Promise<[number, RecordedVersions][]> {
  const { materialized } = await store.partitionStatus(key, layoutOf(space));
  const indexes = [...materialized];
  const records: [number, RecordedVersions][] = [];
  for (let from = 0; from < indexes.length; from += PAGE) {
    const keys = indexes.slice(from, from + PAGE).map((index) => space.keyAt(index));
    for (const event of await store.latestPartitions(key, keys)) {
      const index = event.partition && space.indexOf(event.partition.key);
      if (index !== undefined) records.push([index, event.payload ?? {}]);
    }
  }
  return records;
}

/** Observations of single partitions are not looked up: an observed asset that is divided counts as it is, like an external one. */
function judged(spec: AssetSpec): StalenessAsset {
  if (!spec.observable || spec.partitions === null) return spec;
  const { unit: _, ...rest } = spec;
  return rest;
}
