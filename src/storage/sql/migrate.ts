import { StoreError } from "../../base/errors.js";
import { describeStore } from "../store-address.js";
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
 * Brings the store to {@link SCHEMA_VERSION}, all or nothing, one process at a time; a store that is there already is only read.
 * @throws {@link StoreError} `STORE.NEWER_SCHEMA` when a later version of Millrace has written it, `STORE.NOT_MIGRATED` when it is old and its
 * address says that opening leaves it so
 */
export function migrate(connection: Connection, dialect: Dialect, store: string): void {
  const current = versionOf(connection);
  if (current === SCHEMA_VERSION) return;
  if (current !== undefined) refuseNewer(current, store);
  if (dialect.migratesWhenOpened(store)) bringUp(connection, dialect, store);
  else
    throw new StoreError(
      "STORE.NOT_MIGRATED",
      `The store ${describeStore(store)} has ${current === undefined ? "no schema yet" : `schema ${current}`}; this version of Millrace needs schema ${SCHEMA_VERSION}.`,
      { fix: "Run `millrace migrate`, or leave migrate=off out of the store's address." },
    );
}

/** As {@link migrate}, whatever the store's address says; the names of the migrations that it did. */
export function bringUp(connection: Connection, dialect: Dialect, store: string): readonly string[] {
  for (const sql of dialect.beginMigration(store)) connection.exec(sql);
  try {
    connection.exec("create table if not exists schema_migration (version integer primary key, name text not null)");
    const current = versionWithin(connection);
    refuseNewer(current, store);
    const missing = MIGRATIONS.slice(current);
    missing.forEach(({ name, statements }, index) => {
      for (const sql of statements(dialect.knex())) connection.exec(dialect.ddl(sql));
      connection.prepare("insert into schema_migration (version, name) values (?, ?)").run([current + index + 1, name]);
    });
    connection.exec("commit");
    return missing.map(({ name }) => name);
  } catch (error) {
    connection.exec("rollback");
    throw error;
  }
}

/** The statements that {@link bringUp} would run after those that open its transaction, by the migration that they belong to. */
export function pendingMigrations(connection: Connection, dialect: Dialect, store: string): readonly PendingMigration[] {
  const current = versionOf(connection) ?? 0;
  refuseNewer(current, store);
  return MIGRATIONS.slice(current).map(({ name, statements }) => ({
    name,
    statements: statements(dialect.knex()).map((sql) => dialect.ddl(sql)),
  }));
}

/** A migration that a store has not had yet. */
export interface PendingMigration {
  readonly name: string;
  readonly statements: readonly string[];
}

function refuseNewer(current: number, store: string): void {
  if (current <= SCHEMA_VERSION) return;
  throw new StoreError(
    "STORE.NEWER_SCHEMA",
    `The store ${describeStore(store)} has schema ${current}; this version of Millrace knows schema ${SCHEMA_VERSION}.`,
    { fix: "Use the version of Millrace that wrote it, or a later one." },
  );
}

function versionWithin(connection: Connection): number {
  return connection.prepare("select max(version) as version from schema_migration").get<{ version: number | null }>([])?.version ?? 0;
}

/** `undefined`: a new store has no such table; whatever else is wrong shows again when it is made. */
function versionOf(connection: Connection): number | undefined {
  try {
    return versionWithin(connection);
  } catch {
    return undefined;
  }
}
