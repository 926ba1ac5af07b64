import type { Knex } from "knex";
import type { Fsync } from "../run-store.js";

/** A value that can be bound. No boolean: the driver aborts the process on one. */
export type Bound = string | number | Uint8Array | null;

/** What a statement did. A connection that sends statements together waits for it when it is asked. */
export interface Written {
  /** Number of rows. */
  readonly changes: number;
  /** The row id of the last insert, of a statement that says {@link Dialect.returning}. */
  readonly lastInsertRowid: number;
  /** The ids of all rows of such a statement; absent: they follow each other up to the last one. */
  readonly rowIds?: readonly number[];
}

/** A statement that was compiled once and runs prepared. */
export interface Prepared {
  run(values: readonly Bound[]): Written;
  get<Row>(values: readonly Bound[]): Row | undefined;
  all<Row>(values: readonly Bound[]): Row[];
}

/** One open connection. */
export interface Connection {
  prepare(sql: string): Prepared;
  exec(sql: string): void;
  /** Keeps others from what has these names until the transaction ends. Absent: whoever writes is alone. */
  lock?(names: readonly string[]): void;
  /** Tells other processes that this run was canceled or has ended, once the transaction is stored. Absent: nobody could hear it. */
  announce?(runId: string): void;
  /**
   * Whether the transaction that failed so is certainly not stored and may be tried again; waits until it can.
   * @throws when there is no hope
   */
  recover?(error: unknown, tries: number): boolean;
  /** Whether only all of a transaction can be tried again, not a part of it. */
  isLost?(error: unknown): boolean;
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
  /** The name of the function that gives the greater of two numbers. */
  readonly greater: string;
  /** Ends a select whose row is about to be written: it waits for whoever writes it now. */
  readonly forUpdate: string;
  /** Ends a select that takes a row for writing, and none that somebody else writes now. */
  readonly forUpdateOfFree: string;
  /** Ends an insert whose row ids are read. */
  returning(column: string): string;
  /** A statement of a migration as this database takes it. */
  ddl(sql: string): string;
  /** Starts a transaction that will write. */
  readonly beginWrite: string;
  /** Starts a transaction whose reads see one moment. */
  readonly beginRead: string;
  /** What the transaction of a migration does first, so that one process at a time migrates. */
  beginMigration(store: string): readonly string[];
  /** Whether opening brings the schema up to date. */
  migratesWhenOpened(store: string): boolean;
  open(store: string, fsync: Fsync): Connection;
  /** The driver's error as a StoreError with the edit to make. */
  explain(error: unknown, store: string): Error;
  /** Whether a uniqueness constraint was hit. */
  isDuplicate(error: unknown): boolean;
}
