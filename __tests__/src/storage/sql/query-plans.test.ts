import type { Bound, Connection, Dialect } from "../../../../src/storage/sql/dialect";
import { sqliteDialect } from "../../../../src/storage/sql/sqlite-dialect";
import { compileStatements } from "../../../../src/storage/sql/statements";
import type { RunFilter } from "../../../../src/storage/run-store";
import { StoreLedger } from "../../../../src/storage/sql/store-ledger";

let connection: Connection;
let ledger: StoreLedger;
/** What the ledger had compiled since this was emptied. */
const prepared: string[] = [];
const watched: Dialect = {
  ...sqliteDialect,
  open: (path, fsync) => {
    connection = sqliteDialect.open(path, fsync);
    return {
      ...connection,
      prepare: (sql) => {
        prepared.push(sql);
        return connection.prepare(sql);
      },
    };
  },
};
beforeAll(() => {
  ledger = new StoreLedger(watched, ":memory:", "NORMAL");
});
afterAll(() => ledger.close());

/** Tables that grow with every run; the others grow with the definitions. */
const GROWING = /^SCAN (run|event|step|attempt|run_tag|partition_delta|partition_claim|backfill)\b/;

function planOf(sql: string): string[] {
  const values: Bound[] = [...sql.matchAll(/\?/g)].map(() => null);
  const rows = connection.prepare(`explain query plan ${sql}`).all<{ detail: string }>(values);
  return rows.map(({ detail }) => detail);
}

it("finds rows of tables that grow by an index, whatever the statement; only runs are counted, in the index of their states, and backfills are few", () => {
  const texts = Object.entries(compileStatements(sqliteDialect));
  expect(texts.length).toBeGreaterThan(50);
  const scans = texts.map(([name, sql]) => [name, planOf(sql).filter((step) => GROWING.test(step))] as const);
  expect(Object.fromEntries(scans.filter(([, found]) => found.length > 0))).toEqual({
    countRuns: ["SCAN run USING COVERING INDEX run_status"],
    drivenBackfills: ["SCAN backfill"],
  });
});

it.each<[string, RunFilter, string]>([
  ["all, from the newest on", { limit: 20 }, "SCAN run"],
  ["those of a state", { statuses: ["FAILURE"], limit: 20 }, "SEARCH run USING INDEX run_status (status=?)"],
  [
    "those with a tag",
    { tag: { key: "team", value: "data" }, limit: 20 },
    "SEARCH run_tag USING COVERING INDEX run_tag_value (key=? AND value=?)",
  ],
  ["those of a backfill", { backfillId: "b", limit: 20 }, "SEARCH run USING INDEX run_backfill (backfill_no=?)"],
  [
    "those of a stretch of time",
    { fromMs: 1, toMs: 9, limit: 20 },
    "SEARCH run USING INDEX run_created (created_at_ms>? AND created_at_ms<?)",
  ],
  ["those before another", { beforeId: "r", limit: 20 }, "SEARCH run USING INTEGER PRIMARY KEY (rowid<?)"],
])("pages of runs are read in their order, without sorting: %s", (_, filter, step) => {
  prepared.length = 0;
  ledger.reads.listRuns(filter);
  const plan = prepared.filter((sql) => /^select/i.test(sql)).flatMap(planOf);
  expect(plan).toContain(step);
  expect(plan.filter((each) => each.includes("TEMP B-TREE"))).toEqual([]);
});
