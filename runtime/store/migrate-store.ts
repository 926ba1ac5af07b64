import type { Fsync } from "../../src/storage/run-store.js";
import { bringUp, pendingMigrations } from "../../src/storage/sql/migrate.js";
import { dialectOf } from "./open-ledgers.js";

/** What a migration did, or would do. */
export interface Migrated {
  /** Names of the migrations that were missing. */
  readonly migrations: readonly string[];
  /** The statements that {@link migrateStore} ran, the transaction around them with them; none when nothing was missing. */
  readonly statements: readonly string[];
}

/**
 * Brings a store to this version's schema on the calling thread, also one whose address says that opening leaves it alone.
 * @param options - `dryRun`: tells what it would do, and changes nothing
 * @throws {@link StoreError} when it cannot be opened or changed, or was written by a later version
 */
export function migrateStore(store: string, options: { readonly fsync: Fsync; readonly dryRun: boolean }): Migrated {
  const { dialect, end } = dialectOf(store, options.fsync);
  try {
    const connection = dialect.open(store, options.fsync);
    try {
      const pending = pendingMigrations(connection, dialect, store);
      const migrations = pending.map(({ name }) => name);
      if (pending.length === 0) return { migrations, statements: [] };
      if (!options.dryRun) bringUp(connection, dialect, store);
      const version = pending[0] ? Number(pending[0].name.slice(0, 4)) : 0;
      const all = pending.flatMap(({ name, statements }, index) => [
        ...statements,
        `insert into schema_migration (version, name) values (${version + index}, '${name}')`,
      ]);
      const made = "create table if not exists schema_migration (version integer primary key, name text not null)";
      return { migrations, statements: [...dialect.beginMigration(store), dialect.ddl(made), ...all, "commit"] };
    } finally {
      connection.close();
    }
  } catch (error) {
    throw dialect.explain(error, store);
  } finally {
    end();
  }
}
