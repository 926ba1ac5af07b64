import type { Knex } from "knex";
import type { Fsync } from "../run-store.js";

/** A value that can be bound. No boolean: the driver aborts the process on one. */
export type Bound = string | number | Uint8Array | null;

/** A statement that was compiled once and runs prepared. */
export interface Prepared {
  /** Number of rows changed, and the row id of the last insert. */
  run(values: readonly Bound[]): { changes: number; lastInsertRowid: number };
  get<Row>(values: readonly Bound[]): Row | undefined;
  all<Row>(values: readonly Bound[]): Row[];
}

/** One open connection. */
export interface Connection {
  prepare(sql: string): Prepared;
  exec(sql: string): void;
  close(): void;
}

/** What differs between databases. */
export interface Dialect {
  /** Tells the statements that the build compiled for it from others. */
  readonly name: string;
  /** Builds the schema and compiles statements; it has no connection of its own. Loaded when first asked for, which takes 100 ms. */
  knex(): Knex;
  /** A table of one column `value`, with a row for each text of a bound JSON list. */
  readonly listed: string;
  /** Starts a transaction that will write. */
  readonly beginWrite: string;
  open(path: string, fsync: Fsync): Connection;
  /** The driver's error as a StoreError with the edit to make. */
  explain(error: unknown, path: string): Error;
  /** Whether a uniqueness constraint was hit. */
  isDuplicate(error: unknown): boolean;
}
