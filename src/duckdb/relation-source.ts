import type { DuckDBConnection } from "@duckdb/node-api";

/** How the values of a column are read beside what their SQL type says. */
export interface ColumnReading {
  /** Whole numbers are bigints. @defaultValue false: numbers, and an error where one is too large to be exact */
  readonly bigint?: boolean;
  /** What text becomes. */
  readonly fromText?: (text: string) => unknown;
}

/** Something stored that a query can read. */
export interface RelationSource {
  /** How errors name it, e.g. the asset's key. */
  readonly label: string;
  /** Stops what reads it. */
  readonly signal?: AbortSignal;
  /** Makes it readable within the connection, until it is closed. */
  open(connection: DuckDBConnection): Promise<OpenSource>;
}

/** A source while a query reads it. */
export interface OpenSource {
  /** What stands in the query, as a sub-query without parentheses. */
  readonly sql: string;
  /** How columns of these names, in lower case, are read. */
  readonly readings?: ReadonlyMap<string, ColumnReading>;
  /** Whether it may be held only while DuckDB works, never while its reader does: the result is put aside before it is given. */
  readonly brief?: boolean;
  /** An error's text with the path that the reader knows. */
  readonly inWords?: (message: string) => string;
  close(): Promise<void> | void;
}
