declare const value: unique symbol;

const PARTITION_VALUES = Symbol.for("millrace/partition-values");

/** What a method of several partitions may be given from: pairs of a partition's key and its value. */
export type PartitionEntries<V> = Iterable<readonly [key: string, value: V]> | AsyncIterable<readonly [key: string, value: V]>;

/** What the method of a run of several partitions returns: the value of each. Branded, so that a `Map` of the user's own is not taken for one. */
export class PartitionValues<V = unknown> {
  declare private readonly [value]: V;
  readonly [PARTITION_VALUES] = true;
  readonly entries: PartitionEntries<V>;

  constructor(entries: PartitionEntries<V>) {
    this.entries = entries;
  }
}

/** Whether the thing was made by `byPartition`, also by another copy of the package. */
export function isPartitionValues(thing: unknown): thing is PartitionValues {
  return typeof thing === "object" && thing !== null && (thing as { [PARTITION_VALUES]?: unknown })[PARTITION_VALUES] === true;
}
