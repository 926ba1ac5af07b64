import type { Fsync } from "../../src/storage/run-store.js";
import { isPostgres, postgresAddress } from "../../src/storage/store-address.js";
import type { Dialect } from "../../src/storage/sql/dialect.js";
import { StoreLedger } from "../../src/storage/sql/store-ledger.js";

/** A store on two connections, one that writes and one that reads, for one thread that waits for each answer. */
export interface Ledgers {
  readonly writer: StoreLedger;
  readonly reader: StoreLedger;
  /** Hears from now on which runs other processes cancel or end, where the database tells. */
  watch(told: (runId: string) => void): void;
  close(): void;
}

/** The dialect of a store; what the other one needs is not loaded. */
export interface OpenedDialect {
  readonly dialect: Dialect;
  watch(told: (runId: string) => void): void;
  /** After its connections are closed. */
  end(): void;
}

/** @param store - path of a file, or URL of a database */
export function dialectOf(store: string, fsync: Fsync): OpenedDialect {
  if (!isPostgres(store)) {
    const { sqliteDialect } =
      require("../../src/storage/sql/sqlite-dialect.js") as typeof import("../../src/storage/sql/sqlite-dialect.js");
    return { dialect: sqliteDialect, watch: () => undefined, end: () => undefined };
  }
  const { PostgresBridge } = require("./postgres-bridge.js") as typeof import("./postgres-bridge.js");
  const { postgresDialect } = require("../../src/storage/sql/postgres-dialect.js") as typeof import("../../src/storage/sql/postgres-dialect.js"); // prettier-ignore
  const bridge = new PostgresBridge(postgresAddress(store), fsync);
  return { dialect: postgresDialect(() => bridge.wire()), watch: (told) => bridge.listen(told), end: () => bridge.end() };
}

/** @throws {@link StoreError} when it cannot be opened, and then nothing is left open */
export function openLedgers(store: string, fsync: Fsync): Ledgers {
  const { dialect, watch, end } = dialectOf(store, fsync);
  try {
    const writer = new StoreLedger(dialect, store, fsync);
    const reader = new StoreLedger(dialect, store, fsync);
    const close = (): void => {
      reader.close();
      writer.close();
      end();
    };
    return { writer, reader, watch, close };
  } catch (error) {
    end();
    throw error;
  }
}
