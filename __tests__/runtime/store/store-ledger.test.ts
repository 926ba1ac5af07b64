import type { Connection, Dialect } from "../../../src/storage/sql/dialect";
import { sqliteDialect } from "../../../src/storage/sql/sqlite-dialect";
import { StoreLedger } from "../../../src/storage/sql/store-ledger";
import { newRun } from "../../contracts/run-store.contract";

const codeOf = (body: () => unknown): string | undefined => {
  try {
    body();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test("a group whose transaction the database gave up stores nothing, not even what came after; the next one is stored", () => {
  let connection: Connection | undefined;
  const dialect: Dialect = { ...sqliteDialect, open: (path, fsync) => (connection = sqliteDialect.open(path, fsync)) };
  const ledger = new StoreLedger(dialect, ":memory:", "NORMAL");
  // As a full disk does it: the statement fails, and the whole transaction is rolled back with it.
  const givenUp = {
    ...newRun("second"),
    get events(): never {
      connection?.exec("rollback");
      throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    },
  };
  const codes: (string | undefined)[] = [];
  const group = codeOf(() =>
    ledger.group(() => codes.push(...[newRun("first"), givenUp, newRun("third")].map((run) => codeOf(() => ledger.runs.createRun(run))))),
  );
  expect([...codes, group]).toEqual([undefined, "STORE.FULL", "STORE.FULL", "STORE.FULL"]);
  expect(ledger.runs.countRuns()).toEqual({});
  ledger.group(() => ledger.runs.createRun(newRun("fourth")));
  expect(ledger.runs.countRuns()).toEqual({ NOT_STARTED: 1 });
  ledger.close();
});
