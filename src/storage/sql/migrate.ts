import { StoreError } from "../../base/errors.js";
import type { Connection, Dialect } from "./dialect.js";
import { runsAndEvents } from "./migrations/0001-runs-and-events.js";
import { oneEndPerAttempt } from "./migrations/0002-one-end-per-attempt.js";
import { partitionsAndBackfills } from "./migrations/0003-partitions-and-backfills.js";
import { driversOfBackfills } from "./migrations/0004-drivers-of-backfills.js";
import { runsByTime } from "./migrations/0005-runs-by-time.js";

const MIGRATIONS = [
  { name: "0001-runs-and-events", statements: runsAndEvents },
  { name: "0002-one-end-per-attempt", statements: oneEndPerAttempt },
  { name: "0003-partitions-and-backfills", statements: partitionsAndBackfills },
  { name: "0004-drivers-of-backfills", statements: driversOfBackfills },
  { name: "0005-runs-by-time", statements: runsByTime },
] as const;

/** The schema that this version writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the store to {@link SCHEMA_VERSION}, all or nothing, under the write lock; a store that is there already is only read.
 * @throws {@link StoreError} `STORE.NEWER_SCHEMA` when a later version of Millrace has written it
 */
export function migrate(connection: Connection, dialect: Dialect, path: string): void {
  if (isCurrent(connection)) return;
  connection.exec(dialect.beginWrite);
  try {
    connection.exec("create table if not exists schema_migration (version integer primary key, name text not null)");
    const current = versionOf(connection);
    if (current > SCHEMA_VERSION) {
      throw new StoreError(
        "STORE.NEWER_SCHEMA",
        `The store ${path} has schema ${current}; this version of Millrace knows schema ${SCHEMA_VERSION}.`,
        {
          fix: "Use the version of Millrace that wrote it, or a later one.",
        },
      );
    }
    MIGRATIONS.slice(current).forEach(({ name, statements }, index) => {
      for (const sql of statements(dialect.knex())) connection.exec(sql);
      connection.prepare("insert into schema_migration (version, name) values (?, ?)").run([current + index + 1, name]);
    });
    connection.exec("commit");
  } catch (error) {
    connection.exec("rollback");
    throw error;
  }
}

function versionOf(connection: Connection): number {
  return connection.prepare("select max(version) as version from schema_migration").get<{ version: number | null }>([])?.version ?? 0;
}

function isCurrent(connection: Connection): boolean {
  try {
    return versionOf(connection) === SCHEMA_VERSION;
  } catch {
    return false; // a new store has no such table; whatever else is wrong shows again under the lock
  }
}
