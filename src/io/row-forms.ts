import type { FormName } from "../model/form.js";
import { inBatches, isAsyncIterable } from "./row-codec.js";
import { RowStream } from "./row-stream.js";

/** Whether the value is rows, in whatever form. */
export function isRows(value: unknown): boolean {
  return Array.isArray(value) || isAsyncIterable(value);
}

/** The form which an input that names none gets back as it was given; `undefined`: rows whole. */
export function handedForm(_value: unknown): FormName | undefined {
  return undefined;
}

/** The rows of a value, batch after batch; `undefined`: it has none. */
export function rowsOf(value: unknown): (() => AsyncIterable<readonly object[]>) | undefined {
  return isRows(value) ? () => inBatches(value as object[]) : undefined;
}

/** Rows in the form that is wanted. */
export async function toForm(
  value: unknown,
  form: FormName,
  { signal }: { readonly assetKey: string; readonly signal: AbortSignal },
): Promise<unknown> {
  if (form === "stream" && isAsyncIterable(value)) return value;
  if (form === "rows" && Array.isArray(value)) return value;
  const batches = rowsOf(value) ?? (() => inBatches([]));
  if (form === "stream") return new RowStream(batches);
  const all: object[] = [];
  for await (const batch of batches()) {
    signal.throwIfAborted();
    for (const row of batch) all.push(row);
  }
  return all;
}
