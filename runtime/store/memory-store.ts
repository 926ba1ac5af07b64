import { sqliteDialect } from "../../src/storage/sql/sqlite-dialect.js";
import { StoreLedger } from "../../src/storage/sql/store-ledger.js";
import type { Store } from "../../src/storage/store.js";
import { ChangeWaiters } from "./change-waiters.js";
import { READS, WRITES } from "./store-messages.js";

/** A store that lives as long as it is held: the same SQL, in memory, on the calling thread. For tests and for runs that leave nothing behind. */
export function openMemoryStore(): Store {
  const ledger = new StoreLedger(sqliteDialect, ":memory:", "NORMAL");
  const call =
    (method: string) =>
    async (...args: unknown[]): Promise<unknown> => {
      await Promise.resolve();
      const answer = ledger.call(method, args);
      ledger.tidy();
      return answer;
    };
  return {
    ...(Object.fromEntries([...WRITES, ...READS].map((method) => [method, call(method)])) as unknown as Store),
    keepLease: () => Promise.resolve(),
    keepBackfill: () => Promise.resolve(),
    dropLease: () => Promise.resolve(),
    changed: (runId, signal) => new ChangeWaiters().wait(runId, signal),
    close: () => {
      ledger.close();
      return Promise.resolve();
    },
  };
}
