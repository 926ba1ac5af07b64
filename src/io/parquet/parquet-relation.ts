import type { RowSchema } from "../../model/row-schema.js";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { OpenSource, RelationSource } from "../../duckdb/relation-source.js";
import { Relation } from "../../duckdb/relation.js";
import { literalGlob, parquetSource, sqlString } from "../../duckdb/sql-text.js";
import { isMissing, neverStored, type Stored } from "../places/attempt-file.js";
import type { CodecContext } from "../codec.js";
import { DuckDBParquetCodec } from "./duckdb-parquet-codec.js";
import { damagedRows } from "../rows/damaged-rows.js";
import { readDescription } from "./parquet-footer.js";
import { probeParquet } from "./parquet-probe.js";
import { MalformedBytes } from "./thrift-compact.js";
import type { PlacedFile } from "../places/file-place.js";
import { openedPath } from "../places/opened-path.js";
import { STORED_KEY, storedColumns } from "../rows/stored-columns.js";
import { readingsOf } from "../rows/stored-readings.js";

/** A Parquet file as a query reads it: the version that was published when the query began, however long it takes. */
export function parquetRelation(placed: PlacedFile, stored: Stored & { readonly signal?: AbortSignal }): Relation<unknown> {
  const { assetKey: label, signal } = stored;
  return new Relation([{ label, ...(signal ? { signal } : {}), open: (connection) => openFile(connection, placed, stored) }]);
}

/** Rows as a query reads them, put into a temporary file, which is gone when the relation is. */
export async function spooledRelation(
  batches: AsyncIterable<readonly object[]>,
  { assetKey, signal, schema }: CodecContext & { readonly schema?: RowSchema | undefined },
): Promise<Relation<unknown>> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-relation-"));
  const path = join(folder, "rows.parquet");
  try {
    await new DuckDBParquetCodec().write(batches, path, { assetKey, ...(signal && { signal }), ...(schema && { schema }) });
    const fd = openSync(path, "r");
    const source: RelationSource = {
      label: assetKey,
      ...(signal ? { signal } : {}),
      open: (connection) => described(connection, openedPath({ fd }, path), () => undefined),
    };
    spooled.register(source, fd);
    return new Relation([source]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file without a name lasts as long as it is open. */
const spooled = new FinalizationRegistry<number>((fd) => closeSync(fd));

async function openFile(
  connection: DuckDBConnection,
  placed: PlacedFile,
  stored: Stored & { readonly signal?: AbortSignal },
): Promise<OpenSource> {
  const { path, close: release } = await placed.open();
  const file = await open(path, "r").catch(async (error: unknown) => {
    await release();
    throw isMissing(error) ? neverStored(stored, placed.address, error) : error;
  });
  const opened = openedPath(file, path);
  const close = async (): Promise<void> => {
    await file.close();
    await release();
  };
  try {
    const { keyValues } = await readDescription(file);
    if (!keyValues.has(STORED_KEY)) await probeParquet(file, opened, stored.signal);
    const source = await described(connection, opened, close);
    return { ...source, inWords: (message) => message.replaceAll(opened, placed.address) };
  } catch (error) {
    await close();
    throw error instanceof MalformedBytes ? damagedRows({ ...stored, address: placed.address }, opened, error) : error;
  }
}

async function described(connection: DuckDBConnection, path: string, close: () => Promise<void> | undefined): Promise<OpenSource> {
  const columns = await storedColumnsIn(connection, path);
  return { sql: `SELECT * FROM ${parquetSource(path)}`, readings: readingsOf(columns === undefined ? [] : storedColumns(columns)), close };
}

/** What a Parquet file tells of its columns, as text; `undefined`: somebody else wrote it. */
export async function storedColumnsIn(connection: DuckDBConnection, path: string): Promise<string | undefined> {
  const metadata = await connection.runAndReadAll(
    `SELECT decode(value) FROM parquet_kv_metadata(${sqlString(literalGlob(path))}) WHERE decode(key) = '${STORED_KEY}'`,
  );
  const [row] = metadata.getRows();
  return row && String(row[0]);
}
