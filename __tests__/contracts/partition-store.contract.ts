import { dailyPartitions, dynamicPartitions, multiPartitions, staticPartitions } from "../../src/model/partitions/define-partitions";
import { IndexSet } from "../../src/model/partitions/index-set";
import { layoutOf, type PartitionLayout } from "../../src/model/partitions/partition-layout";
import { openPartitions } from "../../src/model/partitions/partition-space";
import type { PartitionsDefinition } from "../../src/model/partitions/partitions-definition";
import type { NewEvent } from "../../src/model/event";
import type { PartitionStatus } from "../../src/storage/partition-store";
import type { NewRun } from "../../src/storage/run-store";
import type { Store } from "../../src/storage/store";
import { batch, claim, completion, newRun, owner, startedRun } from "./run-store.contract";

const NOW_MS = Date.UTC(2025, 11, 31);
export const spaceOf = (definition: PartitionsDefinition, keys: readonly string[] = [], deletions = 0) =>
  openPartitions(definition, { nowMs: NOW_MS, dynamicKeys: () => keys, deletions: () => deletions });
export const days: PartitionsDefinition = dailyPartitions({ start: "2025-01-01" });
const layout = layoutOf(spaceOf(days));
const set = (...indexes: number[]): IndexSet => IndexSet.ofNumbers(indexes);

/** The run's part that says which partitions of the asset "a" it makes. */
export const divided = (indexes: IndexSet, of: PartitionLayout = layout): Partial<NewRun> => ({
  partitions: { layout: of, indexes, assets: ["a"] },
});

export const materialized = (index: number, key = spaceOf(days).keyAt(index)): NewEvent => ({
  type: "ASSET_MATERIALIZATION",
  atMs: 30,
  stepKey: "a",
  attempt: 1,
  assetKey: "a",
  partition: { key, index },
  payload: { dataVersion: `v${index}` },
});
const failed = (index?: number): NewEvent => ({
  type: "ASSET_FAILED_TO_MATERIALIZE",
  atMs: 30,
  stepKey: "a",
  attempt: 1,
  assetKey: "a",
  ...(index === undefined ? {} : { partition: { key: spaceOf(days).keyAt(index), index } }),
});
const checked = (name: string, passed: boolean, index?: number, severity: "ERROR" | "WARN" = "ERROR"): NewEvent => ({
  type: "ASSET_CHECK_EVALUATION",
  atMs: 30,
  assetKey: "a",
  payload: { check: { name, passed, severity, blocking: false } },
  ...(index === undefined ? {} : { partition: { key: spaceOf(days).keyAt(index), index } }),
});

let runs = 0;

/** A run of "a" over these partitions that told of these events when its step ended. */
export async function ran(store: Store, indexes: IndexSet, events: readonly NewEvent[], of: PartitionLayout = layout): Promise<void> {
  const id = `run-${++runs}`;
  const epoch = await startedRun(store, id, divided(indexes, of));
  await store.commit(batch(id, epoch, { claims: [claim("a", `${id}-a`)] }));
  const ended = completion("a", `${id}-a`, { events });
  expect(await store.commit(batch(id, epoch, { completions: [ended], end: { status: "SUCCESS", atMs: 40 } }))).toMatchObject({ ok: true });
}

/** Sets as numbers. */
export const told = ({ failedChecks, ...sets }: PartitionStatus): Record<string, unknown> => ({
  ...Object.fromEntries(Object.entries(sets).map(([state, indexes]) => [state, [...(indexes as IndexSet)]])),
  failedChecks: Object.fromEntries(Object.entries(failedChecks).map(([name, indexes]) => [name, [...indexes]])),
});
export const NOTHING = { materialized: [], failed: [], inProgress: [], checkFailed: [], failedChecks: {} };

/** What every store promises of partitions, whatever keeps its rows. */
export function partitionStoreContract(open: () => Promise<Store>): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());
  const status = async (of: PartitionLayout = layout, assetKey = "a") => told(await store.partitionStatus(assetKey, of));

  describe("the status of partitions", () => {
    test("of an asset that never ran is empty", async () => {
      expect(await status()).toEqual(NOTHING);
    });

    test("tells what was materialized, what failed since, and what a check found", async () => {
      await ran(store, set(0, 1, 2, 5_000), [materialized(0), materialized(1), failed(2), materialized(5_000, "far")]);
      await ran(store, set(1, 2), [failed(1), materialized(2), checked("dry", false, 2), checked("warm", false, 2, "WARN")]);
      expect(await status()).toEqual({
        materialized: [0, 1, 2, 5_000],
        failed: [1],
        inProgress: [],
        checkFailed: [2],
        failedChecks: { dry: [2] },
      });
      await ran(store, set(1, 2), [materialized(1), checked("dry", true, 2)]);
      expect(await status()).toEqual({ ...NOTHING, materialized: [0, 1, 2, 5_000] });
      expect(await status(layout, "b")).toEqual(NOTHING);
    });

    test("believes the later of two events of one transaction", async () => {
      await ran(store, set(0, 1, 2, 3), [failed(0), materialized(0), materialized(1), failed(1), checked("dry", true, 2), checked("dry", false, 2), checked("dry", false, 3), checked("dry", true, 3)]); // prettier-ignore
      expect(await status()).toEqual({ ...NOTHING, materialized: [0, 1], failed: [1], checkFailed: [2], failedChecks: { dry: [2] } });
    });

    test("takes an event that names no partition for all of the run's", async () => {
      await ran(store, set(3, 4), [failed(), checked("dry", false)]);
      expect(await status()).toEqual({ ...NOTHING, failed: [3, 4], checkFailed: [3, 4], failedChecks: { dry: [3, 4] } });
    });

    test("tells what is in progress from the claim of a step to the end of its attempt, whatever the end", async () => {
      const epoch = await startedRun(store, "r", divided(set(7, 8)));
      expect(await status()).toEqual(NOTHING);
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1"), claim("b", "B1")] }));
      expect([await status(), await status(layout, "b")]).toEqual([{ ...NOTHING, inProgress: [7, 8] }, NOTHING]);
      const retry = completion("a", "A1", { outcome: "RETRY", stepStatus: "UP_FOR_RETRY", events: [] });
      await store.commit(batch("r", epoch, { completions: [retry] }));
      expect(await status()).toEqual(NOTHING);
      await store.commit(batch("r", epoch, { claims: [claim("a", "A2", 2)] }));
      const other = await startedRun(store, "other", divided(set(8, 9)));
      await store.commit(batch("other", other, { claims: [claim("a", "other-A1")] }));
      expect(await status()).toEqual({ ...NOTHING, inProgress: [7, 8, 9] });
      await store.repairRun("r", epoch, { reason: "gone" }, 60);
      expect(await status()).toEqual({ ...NOTHING, failed: [7, 8], inProgress: [8, 9] });
    });

    test("is left as it was by a batch whose fence did not hold", async () => {
      const epoch = await startedRun(store, "r", divided(set(1)));
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      await store.commit(batch("r", epoch, { completions: [completion("a", "A1", { events: [materialized(1)] }), completion("b", "B9")] }));
      expect([await status(), await store.latestPartitions("a", ["2025-01-02"])]).toEqual([{ ...NOTHING, inProgress: [1] }, []]);
    });

    test("refuses partitions in a run that was created without", async () => {
      const epoch = await startedRun(store, "r");
      await expect(store.commit(batch("r", epoch, { events: [materialized(1)] }))).rejects.toMatchObject({
        code: "STORE.UNDIVIDED_RUN",
        message: 'A run without partitions told of the partition "2025-01-02" of "a".\n  → Create the run with its partitions.',
      });
      expect(await store.latestMaterializations("all")).toEqual([]);
    });

    test("follows the keys when windows begin earlier or end, and when a list is changed", async () => {
      await ran(store, set(0, 30, 300), [materialized(0), failed(30), materialized(300)]);
      const earlier = layoutOf(spaceOf(dailyPartitions({ start: "2024-12-30" })));
      const later = layoutOf(spaceOf(dailyPartitions({ start: "2025-01-02", end: "2025-10-01" })));
      expect(await status(earlier)).toEqual({ ...NOTHING, materialized: [2, 302], failed: [32] });
      expect(await status(later)).toEqual({ ...NOTHING, failed: [29] });
      await ran(store, set(32), [materialized(32, "2025-01-31")], earlier);
      expect(await status(later)).toEqual({ ...NOTHING, materialized: [29] });
      expect(await status()).toEqual({ ...NOTHING, materialized: [0, 30, 300] });
      const list = (...keys: string[]): PartitionLayout => layoutOf(spaceOf(staticPartitions(keys)));
      await ran(store, set(0, 2), [materialized(0, "x"), materialized(2, "z")], list("x", "y", "z"));
      expect(await status(list("z", "new", "y", "x"))).toEqual({ ...NOTHING, materialized: [0, 3] });
    });

    test("follows the keys when an inner dimension grows", async () => {
      const grid = (keys: readonly string[]) =>
        spaceOf(multiPartitions({ a: staticPartitions(["x", "y"]), b: dynamicPartitions("cities") }), keys);
      await store.addDynamicPartitions("cities", ["Rome", "Oslo"]);
      const small = grid(["Rome", "Oslo"]);
      await ran(store, set(1, 2), [materialized(1, "x|Oslo"), materialized(2, "y|Rome")], layoutOf(small));
      await store.addDynamicPartitions("cities", ["Bonn"]);
      const wide = grid(["Rome", "Oslo", "Bonn"]);
      expect(await status(layoutOf(wide))).toEqual({ ...NOTHING, materialized: [wide.indexOf("x|Oslo"), wide.indexOf("y|Rome")] });
    });
  });

  describe("the newest materialization of a partition", () => {
    test("is told for those that have one, in the order in which they are asked for", async () => {
      await ran(store, set(0, 1, 2), [materialized(0), materialized(1)]);
      await ran(store, set(1), [{ ...materialized(1), payload: { dataVersion: "newer" } }]);
      const latest = await store.latestPartitions("a", ["2025-01-03", "2025-01-02", "2025-01-01", "2025-01-02"]);
      expect(latest.map(({ partition, payload, assetKey }) => [assetKey, partition, payload])).toEqual([
        ["a", { key: "2025-01-02", index: 1 }, { dataVersion: "newer" }],
        ["a", { key: "2025-01-01", index: 0 }, { dataVersion: "v0" }],
      ]);
      expect(await store.latestPartitions("b", ["2025-01-01"])).toEqual([]);
    });

    test("and all before it are the partition's history, newest first", async () => {
      await ran(store, set(0, 1), [materialized(0), materialized(1)]);
      await ran(store, set(0), [failed(0)]);
      await ran(store, set(0), [materialized(0)]);
      const history = await store.assetEvents({ assetKey: "a", partition: "2025-01-01", limit: 10 });
      expect(history.map(({ type, partition }) => [type, partition])).toEqual([
        ["ASSET_MATERIALIZATION", { key: "2025-01-01", index: 0 }],
        ["ASSET_FAILED_TO_MATERIALIZE", { key: "2025-01-01", index: 0 }],
        ["ASSET_MATERIALIZATION", { key: "2025-01-01", index: 0 }],
      ]);
      const before = { assetKey: "a", partition: "2025-01-01", beforeId: history[1]?.id ?? 0, limit: 1 };
      expect(await store.assetEvents(before)).toEqual(history.slice(2));
      expect((await store.assetEvents({ assetKey: "a", limit: 10 })).length).toBe(4);
    });

    test("is named with its id to whoever committed it", async () => {
      const epoch = await startedRun(store, "r", divided(set(0, 1)));
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      const done = await store.commit(
        batch("r", epoch, { completions: [completion("a", "A1", { events: [materialized(0), materialized(1)] })] }),
      );
      const ids = (await store.latestPartitions("a", ["2025-01-01", "2025-01-02"])).map(({ id }) => id);
      expect(done).toMatchObject({
        eventIds: {
          A1: ["2025-01-01", "2025-01-02"].map((partition, at) => ({
            type: "ASSET_MATERIALIZATION",
            assetKey: "a",
            partition,
            id: ids[at],
          })),
        },
      });
    });
  });

  describe("a wipe", () => {
    const wiped = async () => (await store.assetEvents({ assetKey: "a", limit: 1 })).map(({ id: _, ...rest }) => rest);

    test("of some partitions forgets these, and says so", async () => {
      await ran(store, set(0, 1, 2), [materialized(0), materialized(1), failed(2), checked("dry", false, 1)]);
      await store.wipe({ assetKey: "a", partitions: { layout, indexes: set(1, 2) }, nowMs: 70, reason: "wrong" });
      expect(await status()).toEqual({ ...NOTHING, materialized: [0] });
      expect((await store.latestPartitions("a", ["2025-01-01", "2025-01-02"])).map(({ partition }) => partition?.index)).toEqual([0]);
      const [latest] = await store.latestMaterializations(["a"]);
      expect(latest?.materialization?.partition).toEqual({ key: "2025-01-01", index: 0 });
      expect(await wiped()).toEqual([
        { runId: "", seq: 1, type: "ASSET_WIPED", atMs: 70, assetKey: "a", payload: { reason: "wrong", fields: { partitions: 2 } } },
      ]);
    });

    test("of one partition is part of its history; what is materialized later is there again", async () => {
      await ran(store, set(1), [materialized(1)]);
      await store.wipe({ assetKey: "a", partitions: { layout, indexes: set(1) }, nowMs: 70 });
      await ran(store, set(1), [materialized(1)]);
      expect(await status()).toEqual({ ...NOTHING, materialized: [1] });
      const types = (await store.assetEvents({ assetKey: "a", partition: "2025-01-02", limit: 10 })).map(({ type }) => type);
      expect(types).toEqual(["ASSET_MATERIALIZATION", "ASSET_WIPED", "ASSET_MATERIALIZATION"]);
    });

    test("of all forgets the asset and no other, and keeps its events", async () => {
      await ran(store, set(0, 1), [materialized(0), failed(1), checked("dry", false, 1), { ...materialized(0), assetKey: "b" }]);
      await store.wipe({ assetKey: "a", partitions: "all", nowMs: 70 });
      expect([await status(), await store.latestPartitions("a", ["2025-01-01"])]).toEqual([NOTHING, []]);
      expect(await status(layout, "b")).toEqual({ ...NOTHING, materialized: [0] });
      expect(await store.latestMaterializations(["a"])).toEqual([{ assetKey: "a", checks: {} }]);
      expect((await store.assetEvents({ assetKey: "a", limit: 10 })).map(({ type }) => type)).toEqual([
        "ASSET_WIPED",
        "ASSET_CHECK_EVALUATION",
        "ASSET_FAILED_TO_MATERIALIZE",
        "ASSET_MATERIALIZATION",
      ]);
    });
  });

  describe("dynamic partitions", () => {
    test("are in the order in which they were added, each once", async () => {
      expect(await store.dynamicPartitions("cities")).toEqual({ keys: [], deletions: 0 });
      expect(await store.addDynamicPartitions("cities", ["Rome", "Oslo", "Rome"])).toBe(2);
      expect(await store.addDynamicPartitions("cities", ["Oslo", "Bonn"])).toBe(1);
      expect(await store.dynamicPartitions("cities")).toEqual({ keys: ["Rome", "Oslo", "Bonn"], deletions: 0 });
      expect(await store.dynamicPartitions("others")).toEqual({ keys: [], deletions: 0 });
    });

    test("that are deleted leave their place, and come back at the end with what was known of them", async () => {
      const cities = dynamicPartitions("cities");
      const now = async (): Promise<PartitionLayout> => {
        const { keys, deletions } = await store.dynamicPartitions("cities");
        return layoutOf(spaceOf(cities, keys, deletions));
      };
      await store.addDynamicPartitions("cities", ["Rome", "Oslo", "Bonn"]);
      await ran(store, set(0, 1, 2), [materialized(0, "Rome"), failed(1), materialized(2, "Bonn")], await now());
      expect(await store.deleteDynamicPartitions("cities", ["Rome", "none"])).toBe(1);
      expect(await store.deleteDynamicPartitions("cities", ["Rome"])).toBe(0);
      expect(await store.dynamicPartitions("cities")).toEqual({ keys: ["Oslo", "Bonn"], deletions: 1 });
      expect(await status(await now())).toEqual({ ...NOTHING, materialized: [1], failed: [0] });
      await store.addDynamicPartitions("cities", ["Rome"]);
      expect(await store.dynamicPartitions("cities")).toEqual({ keys: ["Oslo", "Bonn", "Rome"], deletions: 1 });
      expect(await store.dynamicPartitions("cities", 0)).toEqual({ keys: ["Rome", "Oslo", "Bonn"], deletions: 0 });
      expect(await status(await now())).toEqual({ ...NOTHING, materialized: [1, 2], failed: [0] });
    });
  });

  test("a run's owner may be gone before it claimed anything: nothing is in progress then", async () => {
    await store.createRun({ ...newRun("r", divided(set(1))), claimedBy: { owner: owner(), leaseMs: 10 } });
    await store.repairRun("r", 1, { reason: "gone" }, 60);
    expect(await status()).toEqual(NOTHING);
  });
}
