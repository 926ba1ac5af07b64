import { ExecutionError } from "../../src/base/errors.js";
import { nearest } from "../../src/base/did-you-mean.js";
import { Partitions } from "../../src/model/input-partitions.js";

/** How the values of an upstream's partitions are loaded. */
export interface PartitionLoader {
  readonly asset: string;
  readonly signal: AbortSignal;
  load(key: string): Promise<unknown>;
}

/** So many values are loaded ahead of the one that is looked at. */
const AT_ONCE = 4;

/** The values of an upstream's partitions through its IO manager: at most {@link AT_ONCE} are held, none before it is asked for. */
export class StoredPartitions extends Partitions<unknown> {
  readonly keys: readonly string[];
  readonly #known: ReadonlySet<string>;
  readonly #loader: PartitionLoader;

  constructor(keys: readonly string[], loader: PartitionLoader) {
    super();
    this.keys = keys;
    this.#known = new Set(keys);
    this.#loader = loader;
  }

  async get(key: string): Promise<unknown> {
    if (!this.#known.has(key)) {
      const near = nearest(key, this.keys.slice(-SEARCHED));
      throw new ExecutionError(
        "STEP.PARTITION_NOT_NEEDED",
        `"${key}" is none of the ${this.keys.length} partitions of "${this.#loader.asset}" that this step takes.`,
        {
          fix: near === undefined ? "See `keys` for those that it takes, and the input's `mapping` for why." : `Did you mean "${near}"?`,
        },
      );
    }
    this.#loader.signal.throwIfAborted();
    return this.#loader.load(key);
  }

  async toMap(): Promise<ReadonlyMap<string, unknown>> {
    const values = new Map<string, unknown>();
    for await (const [key, value] of this) values.set(key, value);
    return values;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly [key: string, value: unknown]> {
    const ahead: Promise<unknown>[] = [];
    let next = 0;
    const fill = (): void => {
      while (ahead.length < AT_ONCE && next < this.keys.length) {
        const loading = this.get(this.keys[next++] ?? "");
        loading.catch(() => undefined); // told when its turn comes
        ahead.push(loading);
      }
    };
    try {
      for (const key of this.keys) {
        fill();
        yield [key, await ahead.shift()];
      }
    } finally {
      await Promise.allSettled(ahead); // who stops early leaves no load behind
    }
  }
}

const SEARCHED = 2_000;
