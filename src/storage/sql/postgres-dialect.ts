import type { Knex } from "knex";
import { postgresAddress, type PostgresAddress } from "../store-address.js";
import type { Fsync } from "../run-store.js";
import type { Dialect } from "./dialect.js";
import { PostgresConnection } from "./postgres-connection.js";
import { explainPostgres, isDuplicate } from "./postgres-errors.js";
import { postgresDdl } from "./postgres-texts.js";
import type { Wire } from "./wire.js";

let builder: Knex | undefined;

/**
 * Postgres, 13 or later.
 * @param wired - makes the way to a server, on which no session is open yet
 */
export function postgresDialect(wired: (address: PostgresAddress, fsync: Fsync) => Wire): Dialect {
  return {
    name: "postgres",
    knex: () => (builder ??= (require("knex") as typeof import("knex")).knex({ client: "pg" })),
    listed: "json_array_elements_text(?::json)",
    greater: "greatest",
    forUpdate: " for update",
    forUpdateOfFree: " for update skip locked",
    returning: (column) => ` returning ${column}`,
    ddl: postgresDdl,
    beginWrite: "begin",
    beginRead: "begin isolation level repeatable read read only",
    beginMigration: (store) => {
      const { schema } = postgresAddress(store);
      return [
        "begin",
        // An index of a large table takes its time, and so does whoever migrates at the same time.
        "set local statement_timeout = 0",
        "set local lock_timeout = 0",
        `select pg_advisory_xact_lock(hashtext('millrace migrates ${schema}'), 0)`,
        // Not `create schema if not exists`: that wants the privilege to create one even where it is there.
        `do $$ begin if to_regnamespace('${schema}') is null then create schema "${schema}"; end if; end $$`,
        `set local search_path to "${schema}"`,
      ];
    },
    migratesWhenOpened: (store) => postgresAddress(store).migrates,
    open: (store, fsync) => {
      const address = postgresAddress(store);
      try {
        return new PostgresConnection(wired(address, fsync), store, address.schema);
      } catch (error) {
        throw explainPostgres(error, store);
      }
    },
    explain: explainPostgres,
    isDuplicate,
  };
}
