import type { IndexSet } from "../partitions/index-set.js";

/** Upstream partitions that are needed but do not exist. */
export interface NonexistentPartitions {
  /** The dimension that lacks them, of an upstream of several dimensions. */
  readonly dimension?: string;
  readonly count: number;
  /** Keys in their order, up to `count`. */
  keyAt(index: number): string;
}

/** What downstream partitions need of an upstream. */
export interface NeededUpstream {
  readonly partitions: IndexSet;
  readonly nonexistent: readonly NonexistentPartitions[];
}

/** Maps sets of partitions between an upstream and a downstream, as they exist at one moment. */
export interface PartitionMapper {
  /** What these partitions need. */
  upstreamOf(downstream: IndexSet): NeededUpstream;
  /** The partitions that need one of these. */
  downstreamOf(upstream: IndexSet): IndexSet;
}

/** Partitions that do not exist, by their keys. */
export function nonexistentKeys(keys: readonly string[], dimension?: string): NonexistentPartitions[] {
  if (keys.length === 0) return [];
  return [{ ...(dimension === undefined ? {} : { dimension }), count: keys.length, keyAt: (index) => keys[index] ?? "" }];
}
