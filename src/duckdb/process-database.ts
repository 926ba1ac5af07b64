import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

export type DuckDB = typeof import("@duckdb/node-api");

let loaded: DuckDB | undefined;
let instance: Promise<DuckDBInstance> | undefined;

/** DuckDB, loaded when it is needed for the first time: 70 MB that other users of Millrace never load. */
export function loadDuckDB(): DuckDB {
  // Not import(): it fails in a Jest without --experimental-vm-modules, where users test their pipelines.
  return (loaded ??= require("@duckdb/node-api") as DuckDB);
}

/**
 * The one database of the process, in memory: what is in it lasts as long as a read or a write. Above 512 MB it spills to disk. It keeps no bytes
 * of files that it read: it finds them again by path, and the path of a file that is open is the next file's a moment later.
 */
export function processDatabase(): Promise<DuckDBInstance> {
  return (instance ??= createDatabase());
}

async function createDatabase(): Promise<DuckDBInstance> {
  const database = await loadDuckDB().DuckDBInstance.create(":memory:", {
    memory_limit: "512MB",
    temp_directory: join(tmpdir(), `millrace-duckdb-${process.pid}`),
    enable_external_file_cache: "false",
  });
  const connection = await database.connect();
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  connection.closeSync();
  return database;
}

const INTERRUPT_AGAIN_MS = 20;

/** A connection of its own, whose statements stop at the signal until it is closed. */
export async function connect(signal: AbortSignal | undefined): Promise<{ connection: DuckDBConnection; close: () => void }> {
  const connection = await (await processDatabase()).connect();
  if (signal?.aborted) {
    connection.closeSync();
    throw signal.reason;
  }
  let again: NodeJS.Timeout | undefined;
  // An interrupt between two statements, or before one has begun, stops nothing.
  const interrupt = () => {
    connection.interrupt();
    again = setTimeout(interrupt, INTERRUPT_AGAIN_MS);
  };
  signal?.addEventListener("abort", interrupt);
  const close = () => {
    signal?.removeEventListener("abort", interrupt);
    clearTimeout(again);
    connection.closeSync();
  };
  return { connection, close };
}
