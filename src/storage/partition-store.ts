import type { AssetKey } from "../model/asset-spec.js";
import type { EventRecord } from "../model/event.js";
import type { IndexSet } from "../model/partitions/index-set.js";
import type { PartitionLayout, PartitionSet } from "../model/partitions/partition-layout.js";

/** What is known of the partitions of an asset. A partition that is in none of these sets is missing; it may be in several. */
export interface PartitionStatus {
  /** Has a materialization that was not wiped. */
  readonly materialized: IndexSet;
  /** The last attempt at it failed. */
  readonly failed: IndexSet;
  /** A step that materializes it runs. */
  readonly inProgress: IndexSet;
  /** The last evaluation of one of its checks failed, with the severity ERROR. */
  readonly checkFailed: IndexSet;
  /** The same by name of the check. */
  readonly failedChecks: Readonly<Record<string, IndexSet>>;
}

/** The keys of a dynamic definition as of now, in the order in which they were added. */
export interface DynamicPartitionKeys {
  readonly keys: readonly string[];
  /** How often keys had been deleted; with it numbers are read rightly later. */
  readonly deletions: number;
}

/** What is forgotten of an asset. Events stay. */
export interface Wipe {
  readonly assetKey: AssetKey;
  readonly partitions: PartitionSet | "all";
  readonly nowMs: number;
  /** Who asked for it, or why. */
  readonly reason?: string;
}

/** Partitions of assets and the keys of dynamic definitions. Every method is one transaction. */
export interface PartitionStore {
  /** In the numbers of `layout`; what was stored in another one is translated by keys. */
  partitionStatus(assetKey: AssetKey, layout: PartitionLayout): Promise<PartitionStatus>;
  /** The newest materialization of each of these partitions that has one and was not wiped, in the order of `keys`. */
  latestPartitions(assetKey: AssetKey, keys: readonly string[]): Promise<readonly EventRecord[]>;
  /** Forgets materializations, failures and check results: what is wiped is missing. Leaves an ASSET_WIPED event. */
  wipe(wipe: Wipe): Promise<void>;
  /** Adds keys at the end; those that are there already stay where they are. How many were added. */
  addDynamicPartitions(name: string, keys: readonly string[]): Promise<number>;
  /** How many were there and are no more. Their history stays; a key that is added again is last. */
  deleteDynamicPartitions(name: string, keys: readonly string[]): Promise<number>;
  /** As of now, or as they were after so many deletions. */
  dynamicPartitions(name: string, deletions?: number): Promise<DynamicPartitionKeys>;
}
