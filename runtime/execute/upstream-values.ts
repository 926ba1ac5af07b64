import type { AssetKey } from "../../src/model/asset-spec.js";
import type { NewEvent } from "../../src/model/event.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import type { PartitionSpace } from "../../src/model/partitions/partition-space.js";
import type { PartitionStore } from "../../src/storage/partition-store.js";
import type { UpstreamValue } from "./attempt.js";
import { storedValue } from "./stored-value.js";

/** The newest value of each asset and partition that the steps of a run read: what the run itself gave, else what the store had. */
export class UpstreamValues {
  readonly #store: PartitionStore;
  readonly #whole: Map<AssetKey, UpstreamValue>;
  readonly #partitions = new Map<AssetKey, Map<string, UpstreamValue>>();
  /** Which partitions of an asset the store was asked for. */
  readonly #asked = new Map<AssetKey, IndexSet>();
  /** Resolves when all answers so far are here: who needs a partition that another step asked for waits as well. */
  readonly #answered = new Map<AssetKey, Promise<void>>();

  constructor(store: PartitionStore, whole: ReadonlyMap<AssetKey, UpstreamValue>) {
    this.#store = store;
    this.#whole = new Map(whole);
  }

  /** Of an asset that is not divided. */
  of(key: AssetKey): UpstreamValue | undefined {
    return this.#whole.get(key);
  }

  ofPartition(key: AssetKey, partitionKey: string): UpstreamValue | undefined {
    return this.#partitions.get(key)?.get(partitionKey);
  }

  /** Takes what the run has just stored, or reuses. */
  remember(event: NewEvent, eventId: number | undefined): void {
    if (event.assetKey === undefined) return;
    const value = storedValue(event, eventId);
    if (event.partition) this.#ofAsset(event.assetKey).set(event.partition.key, value);
    else this.#whole.set(event.assetKey, value);
  }

  /** Resolves when what the store has of these partitions is known. */
  async learn(key: AssetKey, space: PartitionSpace, set: IndexSet): Promise<void> {
    const asked = this.#asked.get(key) ?? IndexSet.empty();
    const unknown = set.difference(asked);
    if (unknown.size > 0) {
      this.#asked.set(key, asked.union(unknown));
      const before = this.#answered.get(key);
      this.#answered.set(
        key,
        Promise.all([before, this.#ask(key, space, unknown)]).then(() => undefined),
      );
    }
    await this.#answered.get(key);
  }

  async #ask(key: AssetKey, space: PartitionSpace, set: IndexSet): Promise<void> {
    const known = this.#ofAsset(key);
    const keys = [...set].map((index) => space.keyAt(index)).filter((each) => !known.has(each));
    for (const event of await this.#store.latestPartitions(key, keys)) {
      const partition = event.partition?.key;
      if (partition !== undefined && !known.has(partition)) known.set(partition, storedValue(event, event.id));
    }
  }

  #ofAsset(key: AssetKey): Map<string, UpstreamValue> {
    let values = this.#partitions.get(key);
    if (!values) this.#partitions.set(key, (values = new Map()));
    return values;
  }
}
