import { RequestError } from "../../src/base/errors.js";
import { copyStore } from "../../src/storage/sql/copy-store.js";
import { migrate } from "../../src/storage/sql/migrate.js";
import type { Connection, Dialect } from "../../src/storage/sql/dialect.js";
import { isPostgres } from "../../src/storage/store-address.js";
import { dialectOf } from "./open-ledgers.js";

/**
 * Copies the store in this file into a Postgres database, on the calling thread.
 * @returns how many rows each table has, on both sides
 * @throws {@link RequestError} `REQUEST.COPY` when it is not from a file to a database; {@link StoreError} as {@link copyStore}
 */
export function copyInto(file: string, store: string, options: { readonly replace: boolean }): Readonly<Record<string, number>> {
  if (isPostgres(file) || !isPostgres(store))
    throw new RequestError("REQUEST.COPY", "A store is copied from a file into a Postgres database.", {
      fix: "Leave MILLRACE_DATABASE_URL unset, and write --to postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
    });
  return opened(file, (from) => opened(store, (into) => copyStore({ from, into, store, replace: options.replace })));
}

function opened<T>(store: string, body: (connection: Connection, dialect: Dialect) => T): T {
  const { dialect, end } = dialectOf(store, "FULL");
  try {
    const connection = dialect.open(store, "FULL");
    try {
      migrate(connection, dialect, store);
      return body(connection, dialect);
    } finally {
      connection.close();
    }
  } catch (error) {
    throw dialect.explain(error, store);
  } finally {
    end();
  }
}
