import type { AssetKey } from "../../src/model/asset-spec.js";
import type { NewEvent, PartitionPoint } from "../../src/model/event.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import type { PlannedStep } from "../../src/model/run-plan.js";
import type { ChosenPartitions } from "../../src/planning/run-division.js";

/** An asset that a step was to give, or one partition of it; of a run of several partitions the asset alone is all of them. */
export interface Missing {
  readonly assetKey: AssetKey;
  readonly partition?: PartitionPoint;
}

/** Of a run of one partition: which. An event that names none is about all partitions of its run. */
export function onlyPartition(chosen: ChosenPartitions | undefined): { readonly partition?: PartitionPoint } {
  const index = chosen?.set.size === 1 ? chosen.set.nextFrom(0) : undefined;
  return chosen && index !== undefined ? { partition: { key: chosen.space.keyAt(index), index } } : {};
}

/** What the attempts at a step have given: whole assets, or partitions of them. */
export class GivenSoFar {
  readonly #whole = new Set<AssetKey>();
  readonly #partitions = new Map<AssetKey, IndexSet>();

  add(events: readonly NewEvent[]): void {
    const indexes = new Map<AssetKey, number[]>();
    for (const { type, assetKey, partition } of events) {
      if (assetKey === undefined || (type !== "ASSET_MATERIALIZATION" && type !== "ASSET_OBSERVATION")) continue;
      if (!partition) this.#whole.add(assetKey);
      else {
        const of = indexes.get(assetKey);
        if (of) of.push(partition.index);
        else indexes.set(assetKey, [partition.index]);
      }
    }
    for (const [key, given] of indexes) this.#partitions.set(key, this.#of(key).union(IndexSet.ofNumbers(given)));
  }

  /** Whether nothing of the asset is left to give. */
  has(key: AssetKey, chosen: ChosenPartitions | undefined): boolean {
    return chosen ? chosen.set.isSubsetOf(this.#of(key)) : this.#whole.has(key);
  }

  /** The partitions of which an asset of the step is still to be given. */
  left({ assets }: PlannedStep, { set }: ChosenPartitions): IndexSet {
    return assets.reduce((left, key) => left.union(set.difference(this.#of(key))), IndexSet.empty());
  }

  missing({ assets }: PlannedStep, chosen: ChosenPartitions | undefined): Missing[] {
    if (!chosen) return assets.filter((key) => !this.#whole.has(key)).map((assetKey) => ({ assetKey }));
    const { space, set } = chosen;
    return assets.flatMap((assetKey) => {
      const left = set.difference(this.#of(assetKey));
      if (left.size === set.size) return [{ assetKey, ...onlyPartition(chosen) }];
      return [...left].map((index) => ({ assetKey, partition: { key: space.keyAt(index), index } }));
    });
  }

  #of(key: AssetKey): IndexSet {
    return this.#partitions.get(key) ?? IndexSet.empty();
  }
}
