import { dailyPartitions, staticPartitions } from "../../../src/model/partitions/define-partitions";
import { IndexSet } from "../../../src/model/partitions/index-set";
import { layoutOf, type PartitionLayout } from "../../../src/model/partitions/partition-layout";
import type { NewEvent } from "../../../src/model/event";
import type { Connection, Dialect } from "../../../src/storage/sql/dialect";
import { sqliteDialect } from "../../../src/storage/sql/sqlite-dialect";
import { StoreLedger } from "../../../src/storage/sql/store-ledger";
import { days, NOTHING, spaceOf, told } from "../../contracts/partition-store.contract";
import { batch, claim, completion, newRun, owner } from "../../contracts/run-store.contract";

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
  expect(ledger.reads.countRuns()).toEqual({});
  ledger.group(() => ledger.runs.createRun(newRun("fourth")));
  expect(ledger.reads.countRuns()).toEqual({ NOT_STARTED: 1 });
  ledger.close();
});

describe("changes of partitions", () => {
  const layout = layoutOf(spaceOf(days));
  let connection: Connection;
  let ledger: StoreLedger;
  let runs = 0;
  beforeEach(() => {
    const open = (path: string, fsync: "FULL" | "NORMAL"): Connection => (connection = sqliteDialect.open(path, fsync));
    ledger = new StoreLedger({ ...sqliteDialect, open }, ":memory:", "NORMAL");
  });
  afterEach(() => ledger.close());

  const rows = (table: string): number => connection.prepare(`select count(*) as n from ${table}`).get<{ n: number }>([])?.n ?? 0;
  const status = (of: PartitionLayout = layout) => told(ledger.partitions.partitionStatus("a", of));
  /** A run of the partitions in all of which this happened. */
  const ran = (indexes: IndexSet, type: NewEvent["type"], of: PartitionLayout = layout, check?: string): void => {
    const id = `r${++runs}`;
    const partitions = { layout: of, indexes, assets: ["a"] };
    ledger.runs.createRun(newRun(id, { partitions, claimedBy: { owner: owner(), leaseMs: 1000 } }));
    ledger.runs.commit(batch(id, 1, { claims: [claim("a", id)] }));
    const payload = check === undefined ? {} : { check: { name: check, passed: false, severity: "ERROR", blocking: false } as const };
    ledger.runs.commit(batch(id, 1, { completions: [completion("a", id, { events: [{ type, atMs: 1, assetKey: "a", payload }] })] }));
  };
  const farApart = IndexSet.ofNumbers(Array.from({ length: 300 }, (_, chunk) => chunk * 4_096 + 1));

  test("are gathered to one row for each chunk of a commit", () => {
    ran(IndexSet.range(0, 5_000), "ASSET_MATERIALIZATION");
    expect([rows("partition_delta"), rows("partition_chunk")]).toEqual([2, 0]);
  });

  test("are folded when many have come together, and what readers are told stays the same", () => {
    ran(farApart, "ASSET_FAILED_TO_MATERIALIZE");
    ran(IndexSet.range(2, 4), "ASSET_CHECK_EVALUATION", layout, "dry");
    ledger.tidy();
    expect([rows("partition_delta"), rows("partition_chunk")]).toEqual([301, 0]);
    ran(farApart.union(IndexSet.range(5, 6)), "ASSET_FAILED_TO_MATERIALIZE");
    const before = status();
    expect(before).toEqual({
      ...NOTHING,
      failed: [...farApart.union(IndexSet.range(5, 6))],
      checkFailed: [2, 3],
      failedChecks: { dry: [2, 3] },
    });
    ledger.tidy();
    expect([rows("partition_delta"), rows("partition_chunk")]).toEqual([0, 301]);
    expect(status()).toEqual(before);
    for (let turn = 0; turn < 2; turn++) ran(farApart, "ASSET_MATERIALIZATION");
    ledger.tidy();
    // One of the failures is left: the chunks of the others are gone.
    expect([rows("partition_delta"), rows("partition_chunk")]).toEqual([0, 302]);
    expect(status()).toEqual({ ...before, materialized: [...farApart], failed: [5] });
  });

  test("are told alike by a process that has read nothing before", () => {
    ran(farApart, "ASSET_MATERIALIZATION");
    ran(farApart, "ASSET_MATERIALIZATION");
    ledger.tidy();
    ran(IndexSet.range(1, 2), "ASSET_FAILED_TO_MATERIALIZE");
    expect(status()).toEqual({ ...NOTHING, materialized: [...farApart], failed: [1] });
  });

  test("outlive a definition that has not their partitions, folded or not", () => {
    const short = layoutOf(spaceOf(dailyPartitions({ start: "2025-01-03", end: "2025-02-01" })));
    const list = (keys: readonly string[]): PartitionLayout => layoutOf(spaceOf(staticPartitions(keys)));
    for (const fold of [false, true]) {
      ran(IndexSet.range(0, 40), "ASSET_MATERIALIZATION");
      ran(IndexSet.range(0, 1), "ASSET_FAILED_TO_MATERIALIZE", short);
      if (fold) ledger.partitions.foldPartitions("a");
      ran(IndexSet.range(1, 2), "ASSET_FAILED_TO_MATERIALIZE");
      ran(IndexSet.range(1, 2), "ASSET_FAILED_TO_MATERIALIZE", list(["x", "2025-01-01"]));
      if (fold) ledger.partitions.foldPartitions("a");
      expect(status()).toEqual({ ...NOTHING, materialized: Array.from({ length: 40 }, (_, at) => at), failed: [0, 1, 2] });
      expect(status(short)).toEqual({ ...NOTHING, materialized: Array.from({ length: 29 }, (_, at) => at), failed: [0] });
      expect(status(list(["2025-01-02", "2025-01-01"]))).toEqual({ ...NOTHING, materialized: [0, 1], failed: [0, 1] });
    }
  });

  describe("under another definition", () => {
    const wide = layoutOf(spaceOf(staticPartitions(["2025-01-05", "x", "2025-01-01", "2025-01-02"])));
    const layoutsOf = (table: string): number[] =>
      connection.prepare(`select distinct layout_no from ${table} order by 1`).all<{ layout_no: number }>([]).map(({ layout_no }) => layout_no); // prettier-ignore

    beforeEach(() => {
      ran(IndexSet.range(0, 2), "ASSET_MATERIALIZATION");
      ran(IndexSet.range(4, 5), "ASSET_FAILED_TO_MATERIALIZE");
      ledger.partitions.foldPartitions("a");
    });

    test("are numbered anew once they were read by it, and told as before", () => {
      const told = { ...NOTHING, materialized: [2, 3], failed: [0] };
      expect([status(wide), layoutsOf("partition_chunk")]).toEqual([told, [1]]);
      ledger.tidy();
      expect([status(wide), layoutsOf("partition_chunk")]).toEqual([told, [2]]);
      expect(status()).toEqual({ ...NOTHING, materialized: [0, 1], failed: [4] });
      ledger.tidy();
      expect(layoutsOf("partition_chunk")).toEqual([2]); // not back, by who reads with the earlier one
    });

    test("keep the numbers of what it has no partition for, and of what came in between", () => {
      const few = layoutOf(spaceOf(staticPartitions(["2025-01-02"])));
      status(few);
      ledger.tidy();
      ran(IndexSet.range(2, 3), "ASSET_MATERIALIZATION");
      expect([status(few), status()]).toEqual([
        { ...NOTHING, materialized: [0] },
        { ...NOTHING, materialized: [0, 1, 2], failed: [4] },
      ]);
      expect([layoutsOf("partition_chunk"), layoutsOf("partition_delta")]).toEqual([[1, 2], [1]]);
    });

    test("take changes that were not folded with them", () => {
      ran(IndexSet.range(0, 1), "ASSET_FAILED_TO_MATERIALIZE");
      ran(IndexSet.range(0, 1), "ASSET_MATERIALIZATION", wide);
      const told = { ...NOTHING, materialized: [0, 2, 3], failed: [2] };
      expect(status(wide)).toEqual(told);
      ledger.tidy();
      expect([status(wide), layoutsOf("partition_chunk"), rows("partition_delta")]).toEqual([told, [2], 0]);
    });
  });
});
