import type { AssetKey } from "../../model/asset-spec.js";
import type { BackfillPolicy } from "../../model/backfill-policy.js";
import type { BoundMapping } from "../../model/partition-mapping/bound-mapping.js";
import { defaultMapping, partitionMapper } from "../../model/partition-mapping/map-partitions.js";
import type { PartitionMapper } from "../../model/partition-mapping/partition-mapper.js";
import type { PartitionMapping } from "../../model/partition-mapping/partition-mapping.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import { allOf, openPartitions, type PartitionsAsOf, type PartitionSpace } from "../../model/partitions/partition-space.js";
import { samePartitions, type PartitionsDefinition } from "../../model/partitions/partitions-definition.js";

/** An asset as a backfill sees it. */
export interface BackfillAsset {
  readonly key: AssetKey;
  readonly partitions: PartitionsDefinition | null;
  readonly policy?: BackfillPolicy;
  /** Assets of one unit are made together, by one computation that cannot make some of them. Absent: made alone. */
  readonly unit?: string;
  readonly deps: readonly { readonly key: AssetKey; readonly mapping?: PartitionMapping | BoundMapping }[];
}

/** One dependency, with its mapping at work. */
export interface BackfillEdge {
  readonly up: AssetKey;
  readonly down: AssetKey;
  readonly mapping: PartitionMapping | BoundMapping;
  readonly mapper: PartitionMapper;
}

/** Assets whose partitions exist as of one moment, and how they depend on each other. An asset that is not divided has the one partition 0. */
export class BackfillGraph {
  /** Upstream first. */
  readonly assets: readonly BackfillAsset[];
  readonly #byKey: ReadonlyMap<AssetKey, BackfillAsset>;
  readonly #spaces = new Map<AssetKey, PartitionSpace | null>();
  readonly #up = new Map<AssetKey, BackfillEdge[]>();
  readonly #down = new Map<AssetKey, BackfillEdge[]>();
  readonly #units = new Map<string, AssetKey[]>();

  /** @param assets - in topological order; dependencies on assets that are not among them are left out */
  constructor(assets: readonly BackfillAsset[], asOf: PartitionsAsOf) {
    this.assets = assets;
    this.#byKey = new Map(assets.map((asset) => [asset.key, asset]));
    for (const { key, partitions, unit } of assets) {
      this.#spaces.set(key, partitions && openPartitions(partitions, asOf));
      if (unit !== undefined) this.#units.set(unit, [...(this.#units.get(unit) ?? []), key]);
    }
    for (const asset of assets) for (const dep of asset.deps) this.#addEdge(asset, dep);
  }

  asset(key: AssetKey): BackfillAsset {
    return this.#byKey.get(key) as BackfillAsset;
  }

  /** `null`: not divided. */
  space(key: AssetKey): PartitionSpace | null {
    return this.#spaces.get(key) ?? null;
  }

  /** The assets that are made together with this one, itself not included. */
  mates(key: AssetKey): readonly AssetKey[] {
    const { unit } = this.asset(key);
    return unit === undefined ? [] : (this.#units.get(unit) ?? []).filter((mate) => mate !== key);
  }

  /** All partitions of an asset that exist. */
  all(key: AssetKey): IndexSet {
    const space = this.space(key);
    return space ? allOf(space) : IndexSet.range(0, 1);
  }

  /** To the assets that it needs, itself included where it needs earlier partitions of itself. */
  upstream(key: AssetKey): readonly BackfillEdge[] {
    return this.#up.get(key) ?? [];
  }

  downstream(key: AssetKey): readonly BackfillEdge[] {
    return this.#down.get(key) ?? [];
  }

  #addEdge(asset: BackfillAsset, dep: BackfillAsset["deps"][number]): void {
    const up = this.#byKey.get(dep.key);
    if (!up) return;
    // Where one side is not divided, any mapping is void: all partitions count.
    const mapping = (up.partitions && asset.partitions ? dep.mapping : undefined) ?? defaultMapping(up.partitions, asset.partitions);
    const mapper = partitionMapper(mapping, this.space(up.key), this.space(asset.key));
    const edge: BackfillEdge = { up: up.key, down: asset.key, mapping, mapper };
    this.#up.set(asset.key, [...this.upstream(asset.key), edge]);
    this.#down.set(up.key, [...this.downstream(up.key), edge]);
  }
}

/** Whether two assets of a graph are divided alike. */
export function dividedAlike(one: BackfillAsset, other: BackfillAsset): boolean {
  if (one.partitions === null || other.partitions === null) return one.partitions === other.partitions;
  return samePartitions(one.partitions, other.partitions);
}
