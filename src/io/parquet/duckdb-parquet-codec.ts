import { open, type FileHandle } from "node:fs/promises";
import { isMillraceError } from "../../base/errors.js";
import { type CopiedColumn, copyToParquet } from "../../duckdb/copy-to-parquet.js";
import { connect, loadDuckDB } from "../../duckdb/process-database.js";
import type { Relation } from "../../duckdb/relation.js";
import { isMissing } from "../places/attempt-file.js";
import { damagedRows } from "../rows/damaged-rows.js";
import { ParquetRead } from "./duckdb-parquet-read.js";
import { ParquetWrite } from "./duckdb-parquet-write.js";
import { openedPath } from "../places/opened-path.js";
import { readDescription } from "./parquet-footer.js";
import { probeParquet } from "./parquet-probe.js";
import type { RowCodec, RowReadContext, RowWriteContext, WrittenRows } from "../rows/row-codec.js";
import { PREVIEW_ROWS } from "../rows/rows-metadata.js";
import { STORED_KEY } from "../rows/stored-columns.js";
import { MalformedBytes } from "./thrift-compact.js";

/**
 * Rows as a Parquet file, by DuckDB and column by column. Columns are as declared, or found in the rows: whole numbers become INT64, others DOUBLE, dates
 * TIMESTAMP, objects and lists JSON text; rows come back equal, except that a missing field or `undefined` comes back as null.
 */
export class DuckDBParquetCodec implements RowCodec {
  readonly extension = "parquet";

  async write(
    batches: AsyncIterable<readonly object[]> | Iterable<readonly object[]>,
    path: string,
    context: RowWriteContext,
  ): Promise<WrittenRows> {
    const { connection, close } = await connect(context.signal);
    const other = await connect(context.signal);
    const write = new ParquetWrite(loadDuckDB(), [connection, other.connection], path, context);
    try {
      for await (const batch of batches) await write.take(batch);
      return await write.finish();
    } finally {
      await write.close();
      close();
      other.close();
    }
  }

  async copy(
    relation: Relation<unknown>,
    path: string,
    context: RowWriteContext,
    preview: { readonly rows: object[] },
  ): Promise<WrittenRows> {
    const metadata = (columns: readonly CopiedColumn[]) => ({ [STORED_KEY]: JSON.stringify({ columns }) });
    const { compression = "snappy" } = context;
    const written = await copyToParquet(relation, { path, compression: compression === "none" ? "uncompressed" : compression, metadata });
    for await (const batch of this.read(path, context)) {
      preview.rows.push(...batch.slice(0, PREVIEW_ROWS));
      break;
    }
    return written;
  }

  async *read(path: string, context: RowReadContext): AsyncGenerator<object[]> {
    const file = await open(path, "r");
    try {
      yield* readOpened(file, path, context);
    } finally {
      await file.close();
    }
  }
}

async function* readOpened(file: FileHandle, path: string, context: RowReadContext): AsyncGenerator<object[]> {
  const { connection, close } = await connect(context.signal);
  const opened = openedPath(file, path);
  try {
    const description = await readDescription(file);
    if (!description.keyValues.has(STORED_KEY)) await probeParquet(file, opened, context.signal);
    yield* new ParquetRead(loadDuckDB(), connection, context).batches(opened, description);
  } catch (error) {
    context.signal?.throwIfAborted();
    if (isMissing(error) || (isMillraceError(error) && !(error instanceof MalformedBytes))) throw error;
    throw damagedRows({ ...context, address: context.address ?? path }, opened, error);
  } finally {
    close();
  }
}
