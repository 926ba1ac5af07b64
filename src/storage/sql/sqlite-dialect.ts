import type { Knex } from "knex";
import Database from "libsql";
import { MillraceError, StoreError, messageOf } from "../../base/errors.js";
import type { Bound, Connection, Dialect, Prepared } from "./dialect.js";
import type { Fsync } from "../run-store.js";

const BUSY_TIMEOUT_MS = 10_000;
/** Pages; with the default of 1000 the p99 of a batch was eight times as long. */
const WAL_AUTOCHECKPOINT = 20_000;

interface DriverStatement {
  run(values: readonly Bound[]): { changes: number; lastInsertRowid: number | bigint };
  get(values: readonly Bound[]): unknown;
  all(values: readonly Bound[]): unknown[];
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === "string" && code !== "") return code;
  const opened = /: (\d+)"?\)?$/.exec(messageOf(error));
  return opened?.[1] === "14" ? "SQLITE_CANTOPEN" : opened?.[1] === "26" ? "SQLITE_NOTADB" : "";
}

function explain(error: unknown, path: string): Error {
  if (error instanceof MillraceError) return error;
  const code = codeOf(error);
  const is = (...names: string[]): boolean => names.some((name) => code.startsWith(name));
  if (is("SQLITE_NOTADB", "SQLITE_CORRUPT"))
    return new StoreError("STORE.CORRUPT", `The store ${path} is damaged, or is no Millrace store.`, {
      fix: "Move the file away (keep its -wal beside it) and restore a backup, or start with a new one.",
      cause: error,
    });
  if (is("SQLITE_READONLY"))
    return new StoreError("STORE.READ_ONLY", `The store ${path} cannot be written: it is read-only.`, {
      fix: "Make the file and its folder writable for this user, or choose another path for the store.",
      cause: error,
    });
  if (is("SQLITE_FULL"))
    return new StoreError("STORE.FULL", `The disk that holds the store ${path} is full.`, {
      fix: "Free some space and run the command again; what was reported as stored is still there.",
      cause: error,
    });
  if (is("SQLITE_BUSY", "SQLITE_LOCKED"))
    return new StoreError("STORE.BUSY", `The store ${path} was locked by another process for more than ${BUSY_TIMEOUT_MS / 1000} s.`, {
      fix: "Find the process that keeps the file open (for instance a database browser) and close it.",
      cause: error,
    });
  if (is("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR"))
    return new StoreError("STORE.UNREADABLE", `The store ${path} cannot be opened.`, {
      fix: "Check that its folder exists and that this user may read and write it.",
      cause: error,
    });
  return new StoreError("STORE.FAILED", `The store ${path} failed: ${messageOf(error)}.`, {
    fix: "Run the command again; when it fails again, please report it with this message.",
    cause: error,
  });
}

function prepared(statement: DriverStatement): Prepared {
  return {
    run: (values) => {
      const { changes, lastInsertRowid } = statement.run(values);
      return { changes, lastInsertRowid: Number(lastInsertRowid) };
    },
    get: <Row>(values: readonly Bound[]) => statement.get(values) as Row | undefined,
    all: <Row>(values: readonly Bound[]) => statement.all(values) as Row[],
  };
}

/** Two processes that switch a new file to WAL at once get BUSY without any wait; so this waits itself. */
function switchToWal(db: { exec(sql: string): void; pragma(source: string): unknown }): void {
  for (let left = 200; ; left--) {
    try {
      db.pragma("journal_mode=WAL");
      return;
    } catch (error) {
      if (left === 0 || !codeOf(error).startsWith("SQLITE_BUSY")) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25);
    }
  }
}

function open(path: string, fsync: Fsync): Connection {
  try {
    const db = new Database(path, { timeout: BUSY_TIMEOUT_MS } as object);
    if (path !== ":memory:") switchToWal(db);
    db.pragma(`synchronous=${fsync}`);
    db.pragma(`wal_autocheckpoint=${WAL_AUTOCHECKPOINT}`);
    db.pragma("cache_size=-65536");
    return {
      prepare: (sql) => prepared(db.prepare(sql) as unknown as DriverStatement),
      exec: (sql) => void db.exec(sql),
      close: () => void db.close(),
    };
  } catch (error) {
    throw explain(error, path);
  }
}

let builder: Knex | undefined;

/** SQLite, through libsql: it needs no compiler on any supported Node. */
export const sqliteDialect: Dialect = {
  name: "sqlite",
  knex: () => (builder ??= (require("knex") as typeof import("knex")).knex({ client: "better-sqlite3", useNullAsDefault: true })),
  listed: "json_each(?)",
  greater: "max",
  forUpdate: "",
  forUpdateOfFree: "",
  returning: () => "",
  ddl: (sql) => sql,
  beginWrite: "begin immediate",
  beginRead: "begin",
  beginMigration: () => ["begin immediate"],
  migratesWhenOpened: () => true,
  open,
  explain,
  isDuplicate: (error) => ["SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"].includes(codeOf(error)),
};
