import type { Table } from "apache-arrow";
import { InternalError, IOError } from "../../base/errors.js";
import { rowSchemaOf } from "../../duckdb/copy-to-parquet.js";
import { isRelation, type Relation } from "../../duckdb/relation.js";
import { ColumnBatch, isColumnBatch } from "../../model/column-batch.js";
import type { FormName } from "../../model/form.js";
import type { RowSchema } from "../../model/row-schema.js";
import { RowStream } from "../../model/row-stream.js";
import { arrowRowBatches, arrowSchema } from "./arrow-rows.js";
import type { CodecContext } from "../codec.js";
import { spooledRelation } from "../parquet/parquet-relation.js";
import { inBatches, isAsyncIterable } from "./row-codec.js";

/** The form which an input that names none gets back as it was given; `undefined`: rows whole. */
export function handedForm(value: unknown): FormName | undefined {
  if (isRelation(value)) return "relation";
  return isArrowTable(value) ? "arrowTable" : undefined;
}

/** Whether the value is rows, in any form in which an asset may return them. */
export function isRows(value: unknown): boolean {
  return Array.isArray(value) || isAsyncIterable(value) || handedForm(value) !== undefined;
}

/**
 * The rows of whatever an asset may return them in: an array, an async iterable of rows or of `ColumnBatch`es, a table of apache-arrow, a relation.
 * `undefined` for anything else.
 */
export function rowsOf(value: unknown): (() => AsyncIterable<readonly object[]>) | undefined {
  if (isRelation(value)) return () => (value as Relation<object>).stream().batches();
  if (isArrowTable(value)) return () => arrowRowBatches(value);
  if (Array.isArray(value) || value instanceof RowStream) return () => inBatches(value as object[]);
  return isAsyncIterable(value) ? () => inBatches(withoutBatches(value)) : undefined;
}

/** What the columns of a value are: as its author declared them, or as a relation or a table of Arrow says itself. For what keeps their types. */
export async function schemaOf(value: unknown, declared: RowSchema | undefined): Promise<RowSchema | undefined> {
  if (declared) return declared;
  if (isRelation(value)) return rowSchemaOf(value);
  return isArrowTable(value) ? arrowSchema(value) : undefined;
}

/**
 * The rows in the form in which an input wants them. A value that has the form is given as it is; a relation of rows that lie nowhere reads
 * them from a temporary file.
 */
export async function toForm(value: unknown, form: FormName, of: CodecContext): Promise<unknown> {
  if (form === handedForm(value) || (form === "rows" && Array.isArray(value)) || (form === "stream" && value instanceof RowStream))
    return value;
  // One at a time, as they come: who gathers batches of them lets the first row wait for the last of its batch.
  if (form === "stream" && isAsyncIterable(value)) return { [Symbol.asyncIterator]: () => withoutBatches(value) };
  const batches = rowsOf(value);
  if (batches === undefined) throw new InternalError(`${form} was asked of a value of "${of.assetKey}" that is no rows`);
  const spooled = async () => spooledRelation(batches(), { ...of, schema: await schemaOf(value, undefined) });
  switch (form) {
    case "rows":
      return gather(batches());
    case "stream":
      return new RowStream(batches);
    case "batches":
      return { [Symbol.asyncIterator]: () => columnBatches(batches()) };
    case "relation":
      return spooled();
    case "arrowTable":
      return (isRelation(value) ? value : await spooled()).toArrow();
  }
}

/** The error of a value that is given to a manager of rows. */
export function noRows(value: unknown, assetKey: string, manager: object): IOError {
  const made = typeof value === "object" && value !== null ? (value.constructor as { name?: string } | undefined)?.name : undefined;
  return new IOError(
    "IO.NO_ROWS",
    `Asset "${assetKey}" gave a value of type ${made ?? typeof value}, but ${manager.constructor.name} keeps rows.`,
    {
      fix: "Return an array or an async iterable of objects, batches of columns, an Arrow table or a Relation; or give the asset another IO manager.",
    },
  );
}

const ARROW_TABLE = Symbol.for("apache-arrow/Table");

/** Whether the value is a table of apache-arrow, of whatever copy of that package. */
export function isArrowTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && (value as { [ARROW_TABLE]?: unknown })[ARROW_TABLE] === true;
}

async function gather(batches: AsyncIterable<readonly object[]>): Promise<object[]> {
  const all: object[] = [];
  for await (const batch of batches) for (const row of batch) all.push(row);
  return all;
}

async function* columnBatches(batches: AsyncIterable<readonly object[]>): AsyncGenerator<ColumnBatch> {
  for await (const batch of batches) yield ColumnBatch.fromRows(batch as readonly Record<string, unknown>[]);
}

/** The same items, with the rows of each `ColumnBatch` in its place. */
export async function* withoutBatches(items: AsyncIterable<unknown>): AsyncGenerator<object> {
  for await (const item of items) {
    if (isColumnBatch(item)) yield* item.toRows();
    else yield item as object;
  }
}
