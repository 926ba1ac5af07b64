import type { InputContext, OutputContext } from "../config/io-manager.js";
import { IOManager } from "../config/io-manager.js";
import { neverStored, type Stored } from "./places/attempt-file.js";
import { isAsyncIterable } from "./rows/row-codec.js";
import { withoutBatches } from "./rows/row-forms.js";

/**
 * Keeps values in memory, as they are, by asset key and partition; for tests and for runs within one process. Each instance has its own values.
 * The rows of an async iterable are gathered in an array, since it can be read only once.
 */
export class InMemoryIOManager extends IOManager {
  private readonly published = new Map<string, unknown>();
  private readonly pending = new Map<string, unknown>();

  override async store(stored: unknown, context: OutputContext): Promise<void> {
    const kept = isAsyncIterable(stored) ? await gather(withoutBatches(stored), context.signal) : stored;
    this.pending.set(pendingKey(context), kept);
  }

  override async publish(context: OutputContext): Promise<void> {
    const key = pendingKey(context);
    if (!this.pending.has(key)) {
      if (this.published.has(placeOf(context))) return; // repeated: done before
      throw neverStored(context, undefined);
    }
    this.published.set(placeOf(context), this.pending.get(key));
    this.pending.delete(key);
  }

  override async discard(context: OutputContext): Promise<void> {
    this.pending.delete(pendingKey(context));
  }

  override async load(context: InputContext): Promise<unknown> {
    if (!this.published.has(placeOf(context))) throw neverStored(context, undefined);
    return this.published.get(placeOf(context));
  }
}

function placeOf({ assetKey, partitionKey }: Stored): string {
  return JSON.stringify([assetKey, partitionKey]);
}

function pendingKey({ assetKey, partitionKey, attemptId }: OutputContext): string {
  return JSON.stringify([assetKey, partitionKey, attemptId]);
}

async function gather(rows: AsyncIterable<unknown>, signal: AbortSignal): Promise<unknown[]> {
  const gathered: unknown[] = [];
  for await (const row of rows) {
    signal.throwIfAborted();
    gathered.push(row);
  }
  return gathered;
}
