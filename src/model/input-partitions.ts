const PARTITIONS = Symbol.for("millrace/partitions");

/**
 * The values of several partitions of one upstream, as `@InputPartitions` gives them; nothing is loaded before it is asked for.
 * Going through them (`for await (const [key, value] of days)`) holds a few values at a time.
 */
export abstract class Partitions<V> implements AsyncIterable<readonly [key: string, value: V]> {
  /** Recognised across copies of the package. */
  static readonly [PARTITIONS] = true;
  /** The partitions, in the order of the upstream's definition. */
  abstract readonly keys: readonly string[];
  /** The value of one partition. Rejects when it is none of `keys`, or nothing is stored. */
  abstract get(key: string): Promise<V>;
  /** All values at once, in memory. */
  abstract toMap(): Promise<ReadonlyMap<string, V>>;
  /** The values one after another, in the order of `keys`. */
  abstract [Symbol.asyncIterator](): AsyncIterator<readonly [key: string, value: V]>;
}

/** Whether the type of a parameter is {@link Partitions}, of this copy of the package or of another. */
export function isPartitionsType(type: unknown): boolean {
  return typeof type === "function" && (type as { [PARTITIONS]?: unknown })[PARTITIONS] === true;
}
