import { closeSync, openSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ColumnReading, OpenSource, RelationSource } from "../duckdb/relation-source.js";
import { Relation } from "../duckdb/relation.js";
import { literalGlob, parquetSource, sqlString } from "../duckdb/sql-text.js";
import { isMissing, neverStored, type Stored } from "./attempt-file.js";
import type { CodecContext } from "./codec.js";
import { DuckDBParquetCodec, openedPath } from "./duckdb-parquet-codec.js";
import { decodeTagged } from "./tagged-json.js";

/** A Parquet file as a query reads it: the version that was published when the query began, however long it takes. */
export function parquetRelation(path: string, stored: Stored & { readonly signal?: AbortSignal }): Relation<unknown> {
  const { assetKey: label, signal } = stored;
  return new Relation([{ label, ...(signal ? { signal } : {}), open: (connection) => openFile(connection, path, stored) }]);
}

/** Rows as a query reads them, put into a temporary file, which is gone when the relation is. */
export async function spooledRelation(
  batches: AsyncIterable<readonly object[]>,
  { assetKey, signal }: CodecContext,
): Promise<Relation<unknown>> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-relation-"));
  const path = join(folder, "rows.parquet");
  try {
    await new DuckDBParquetCodec().write(batches, path, { assetKey, ...(signal ? { signal } : {}) });
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

async function openFile(connection: DuckDBConnection, path: string, stored: Stored): Promise<OpenSource> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw isMissing(error) ? neverStored(stored, path, error) : error;
  });
  const opened = openedPath(file, path);
  try {
    const source = await described(connection, opened, () => file.close());
    return { ...source, inWords: (message) => message.replaceAll(opened, path) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function described(connection: DuckDBConnection, path: string, close: () => Promise<void> | undefined): Promise<OpenSource> {
  const metadata = await connection.runAndReadAll(
    `SELECT decode(value) FROM parquet_kv_metadata(${sqlString(literalGlob(path))}) WHERE decode(key) = 'millrace'`,
  );
  const [row] = metadata.getRows();
  const { columns } = row ? (JSON.parse(String(row[0])) as { columns: readonly { name: string; kind: string }[] }) : { columns: [] };
  const readings = new Map(columns.flatMap(({ name, kind }) => (READINGS[kind] ? [[name.toLowerCase(), READINGS[kind]] as const] : [])));
  return { sql: `SELECT * FROM ${parquetSource(path)}`, readings, close };
}

const READINGS: Readonly<Record<string, ColumnReading>> = {
  bigint: { bigint: true },
  json: { fromText: decodeTagged },
};
