import type { AssetKey } from "../../model/asset-spec.js";
import { bindMapping } from "../../model/partition-mapping/bound-mapping.js";
import type { CustomMapping } from "../../model/partition-mapping/custom-mapping.js";
import { partitionMapper } from "../../model/partition-mapping/map-partitions.js";
import { openPartitions, type PartitionsAsOf, type PartitionSpace } from "../../model/partitions/partition-space.js";
import { DividedState } from "./divided-state.js";
import type { RecordedVersions, StalenessAsset } from "./staleness.js";

/** What is known of the partitions of divided assets. */
export interface StalenessPartitions {
  readonly asOf: PartitionsAsOf;
  /** The latest materialization of each partition that has one, by its number. */
  recordsOf(key: AssetKey, space: PartitionSpace): Iterable<readonly [index: number, recorded: RecordedVersions]>;
  /** Code of authors' own mappings, by id. Default: none. */
  readonly mappings?: ReadonlyMap<string, CustomMapping>;
}

/** What the states are made from; places and records are in the order of the assets. */
interface DividedWorld {
  readonly places: ReadonlyMap<AssetKey, number>;
  readonly records: readonly (RecordedVersions | undefined)[];
  readonly partitions: StalenessPartitions;
}

/** The state of each asset, by its place, that is divided or made from something that is. */
export function dividedStates(
  assets: readonly StalenessAsset[],
  { places, records, partitions }: DividedWorld,
): ReadonlyMap<number, DividedState> {
  const spaces = new Map<number, PartitionSpace>();
  assets.forEach(({ partitions: definition }, place) => {
    if (definition) spaces.set(place, openPartitions(definition, partitions.asOf));
  });
  const states = new Map<number, DividedState>();
  if (spaces.size === 0) return states;
  for (const [place, asset] of assets.entries()) {
    const space = spaces.get(place) ?? null;
    const upstream = asset.deps
      .flatMap((dep) => (dep.when === "failure" ? [] : { dep, upstream: places.get(dep.key) ?? -1 }))
      .filter((each) => each.upstream >= 0);
    if (!space && !upstream.some((each) => spaces.has(each.upstream))) continue;
    const edges = upstream.map((each) => {
      const { mapping } = each.dep;
      const bound = mapping && bindMapping(mapping, partitions.mappings ?? new Map());
      return { ...each, mapper: partitionMapper(bound, spaces.get(each.upstream) ?? null, space) };
    });
    const recorded = records[place];
    states.set(place, new DividedState(space, edges, space ? partitions.recordsOf(asset.key, space) : recorded ? [[0, recorded]] : []));
  }
  return states;
}
