import type { TableColumn } from "../../model/metadata-value.js";
import type { RowFilter } from "../../model/row-filter.js";
import type { RowSchema } from "../../model/row-schema.js";
import type { Relation } from "../../duckdb/relation.js";
import type { CodecContext } from "../codec.js";
import { RowStream } from "../../model/row-stream.js";

export const COMPRESSIONS = ["snappy", "zstd", "gzip", "none"] as const;
/** How the bytes of a file are made smaller. */
export type Compression = (typeof COMPRESSIONS)[number];

/** What is told of rows that are written. */
export interface RowWriteContext extends CodecContext {
  /** The columns; absent: they are found in the rows. */
  readonly schema?: RowSchema;
  /** @defaultValue snappy */
  readonly compression?: Compression;
}

/** What is told of rows that are read. */
export interface RowReadContext extends CodecContext {
  /** How errors name the file. @defaultValue its path */
  readonly address?: string;
  /** The columns that are wanted, in this order; absent: all. */
  readonly columns?: readonly string[];
  /** The rows that are wanted; absent: all. */
  readonly where?: RowFilter;
  /** What the columns of a file are that says nothing of how its rows were: one that somebody else wrote. */
  readonly schema?: RowSchema;
}

/** What was written: how many rows, and which columns. */
export interface WrittenRows {
  readonly rowCount: number;
  readonly columns: readonly TableColumn[];
}

/** Turns rows into one file and back in bounded memory. A batch is any number of rows; those of a read come in the order of the write. */
export interface RowCodec {
  /** File extension without the dot, e.g. `parquet`. */
  readonly extension: string;
  /** Writes all rows to the path, which nobody else reads. @throws IOError for a row that would not come back equal */
  write(
    batches: AsyncIterable<readonly object[]> | Iterable<readonly object[]>,
    path: string,
    context: RowWriteContext,
  ): Promise<WrittenRows>;
  /** Writes the result of a query, where that can be done faster than row by row. @param preview - takes the first rows */
  copy?(relation: Relation<unknown>, path: string, context: RowWriteContext, preview: { readonly rows: object[] }): Promise<WrittenRows>;
  /** The rows as they were written, batch after batch; the file is open until the iteration ends or is left. @throws IOError for a column that is not there */
  read(path: string, context: RowReadContext): AsyncIterable<object[]>;
}

/** How many rows a batch has, unless somebody else made it: the length of a DuckDB vector. */
export const BATCH_ROWS = 2048;

/** Rows in batches of {@link BATCH_ROWS}, taken as they are asked for. */
export async function* inBatches(rows: readonly object[] | AsyncIterable<object>): AsyncGenerator<readonly object[]> {
  if (Array.isArray(rows)) {
    for (let start = 0; start < rows.length; start += BATCH_ROWS) yield (rows as readonly object[]).slice(start, start + BATCH_ROWS);
    return;
  }
  if (rows instanceof RowStream) return yield* (rows as RowStream).batches();
  let batch: object[] = [];
  for await (const row of rows as AsyncIterable<object>) {
    batch.push(row);
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Whether rows come one by one, asynchronously. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
