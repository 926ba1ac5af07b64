import { type PartitionEntries, PartitionValues } from "../src/model/partition-values.js";

/**
 * The value of each partition of a run of several: `return byPartition(totals)`, of a `Map`, or of pairs that come one by one
 * (an async generator holds one value at a time).
 */
export function byPartition<V>(entries: PartitionEntries<V>): PartitionValues<V> {
  return new PartitionValues(entries);
}
