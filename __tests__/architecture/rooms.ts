/** Rank of each room, lowest first: a file imports from its own room or from a lower rank. The longest path that fits a file wins. */
export const RANKS: Readonly<Record<string, number>> = {
  "src/base": 0,
  "src/model": 1,
  "src/config": 2,
  // One DuckDB of the process, for the resources as for the IO managers.
  "src/duckdb": 2,
  "src/postgres": 2,
  "src/graph": 3,
  "src/resources": 3,
  "src/storage": 3,
  "src/api": 3,
  // IO managers are made of resources.
  "src/io": 4,
  "src/storage/sql": 4,
  "src/planning": 4,
  "src/automation": 4,
  "src/dbt": 4,
  "src/pipes": 4,
  "src/lineage": 4,
  "decorators/declarations": 5,
  decorators: 6,
  "runtime/load": 7,
  "runtime/store": 7,
  "runtime/scan": 8,
  "runtime/instance": 8,
  "runtime/execute": 9,
  "runtime/launch": 10,
  "runtime/daemon": 11,
  "runtime/server": 11,
  "runtime/bootstrap": 12,
  "runtime/testing": 12,
  "runtime/cli": 13,
  "runtime/entries": 14,
};

/** Where each package may be imported, so that replacing one is a change to one room. A package that is missing here may be imported nowhere. */
export const FENCES: Readonly<Record<string, readonly string[]>> = {
  "@aws-sdk/client-s3": ["src/resources"],
  "@duckdb/node-api": ["src/duckdb", "src/io/parquet", "src/io/duckdb", "src/resources"],
  "@duckdb/node-bindings": ["src/io/parquet"],
  "@swc/core": ["runtime/load"],
  "@dsnp/parquetjs": ["src/io/parquet/parquetjs-codec.ts"],
  "apache-arrow": ["decorators/value-of.ts", "src/duckdb", "src/io"],
  "class-transformer": ["src/config"],
  // The built-in resources and IO managers declare their fields as a user's do.
  "class-validator": ["src/config", "src/io", "src/resources"],
  "csv-parse": ["src/io/text/csv-codec.ts"],
  "csv-stringify": ["src/io/text/csv-codec.ts"],
  commander: ["runtime/cli"],
  "cron-parser": ["src/model/cron.ts"],
  dotenv: ["src/config/env.ts", "runtime/instance", "runtime/cli"],
  express: ["runtime/server"],
  "get-tsconfig": ["runtime/load"],
  hyparquet: ["src/io/parquet/hyparquet-codec.ts"],
  "hyparquet-compressors": ["src/io/parquet/hyparquet-codec.ts"],
  "hyparquet-writer": ["src/io/parquet/hyparquet-codec.ts"],
  knex: ["src/storage/sql", "src/resources"],
  libsql: ["src/storage/sql", "src/resources"],
  pg: ["src/storage/sql", "src/postgres"],
  picocolors: ["runtime/cli"],
  "reflect-metadata": ["decorators", "runtime/entries", "runtime/execute"],
  tinyglobby: ["runtime/load"],
  tsyringe: ["decorators", "runtime/instance", "runtime/execute"],
  uuid: ["src/base"],
  winston: ["src/base/winston-logger.ts"],
  yaml: ["src/config"],
  // A run captures what its children write.
  // A file of somebody else is tried in a process of its own.
  "node:child_process": ["runtime/launch", "runtime/execute/captured-children.ts", "src/io/parquet/parquet-probe.ts"],
  // The loader asks whether it is on the main thread, and its hooks live on one of their own.
  "node:worker_threads": ["runtime/store", "runtime/load"],
};

export function roomOf(path: string): string | undefined {
  return Object.keys(RANKS)
    .filter((room) => isIn(path, room))
    .sort((a, b) => b.length - a.length)[0];
}

export function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
