import type { RunStore } from "../../src/storage/run-store.js";
import { RunLedger } from "../../src/storage/sql/run-ledger.js";
import { sqliteDialect } from "../../src/storage/sql/sqlite-dialect.js";
import { READS, WRITES } from "./store-messages.js";

/** A store that lives as long as it is held: the same SQL, in memory, on the calling thread. For tests and for runs that leave nothing behind. */
export function openMemoryStore(): RunStore {
  const ledger = new RunLedger(sqliteDialect, ":memory:", "NORMAL");
  const call =
    (method: string) =>
    async (...args: unknown[]): Promise<unknown> => {
      await Promise.resolve();
      return (ledger as unknown as Record<string, (...args: unknown[]) => unknown>)[method]?.(...args);
    };
  return {
    ...(Object.fromEntries([...WRITES, ...READS].map((method) => [method, call(method)])) as unknown as RunStore),
    keepLease: () => Promise.resolve(),
    dropLease: () => Promise.resolve(),
    close: () => {
      ledger.close();
      return Promise.resolve();
    },
  };
}
