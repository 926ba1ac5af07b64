import { RequestError } from "../../src/base/errors.js";
import { Partitions } from "../../src/model/input-partitions.js";

class GivenPartitions<V> extends Partitions<V> {
  readonly #values: ReadonlyMap<string, V>;

  constructor(values: ReadonlyMap<string, V>) {
    super();
    this.#values = values;
  }

  get keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  async get(key: string): Promise<V> {
    if (this.#values.has(key)) return this.#values.get(key) as V;
    throw new RequestError("REQUEST.UNKNOWN_PARTITION", `There is no partition "${key}".`, { fix: `Take one of ${this.keys.join(", ")}.` });
  }

  async toMap(): Promise<ReadonlyMap<string, V>> {
    return this.#values;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly [string, V]> {
    yield* this.#values;
  }
}

/** What `@InputPartitions` gives, for a direct call of a method in a test: these values by the key of their partition, in this order. */
export function testPartitions<V>(values: Readonly<Record<string, V>> | ReadonlyMap<string, V>): Partitions<V> {
  return new GivenPartitions(values instanceof Map ? values : new Map(Object.entries(values as Readonly<Record<string, V>>)));
}
