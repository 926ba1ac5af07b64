import { dailyPartitions } from "../../src/model/partitions/define-partitions";
import { IndexSet } from "../../src/model/partitions/index-set";
import { layoutOf } from "../../src/model/partitions/partition-layout";
import type { NewBackfill } from "../../src/storage/backfill-store";
import type { Store } from "../../src/storage/store";
import { days, divided, materialized, spaceOf } from "./partition-store.contract";
import { batch, claim, completion, newRun, owner } from "./run-store.contract";

const layout = layoutOf(spaceOf(days));
const newBackfill = (id: string, rest: Partial<NewBackfill> = {}): NewBackfill => ({
  id,
  tags: { team: "ops" },
  createdAtMs: 5,
  asked: "a --partitions 2025-01-01...2025-01-10",
  options: { order: "oldest", stopAfter: 3 },
  targets: [
    { assetKey: "b", layout: null, indexes: IndexSet.range(0, 1) },
    { assetKey: "a", layout, indexes: IndexSet.range(0, 10) },
  ],
  ...rest,
});

/** What every store promises of backfills, whatever keeps its rows. */
export function backfillStoreContract(open: () => Promise<Store>): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  const running = async (id: string): Promise<void> => {
    await store.createBackfill(newBackfill(id));
    await store.setBackfillStatus(id, { from: ["REQUESTED"], to: "RUNNING", atMs: 6 });
  };
  const progress = async (id: string) => {
    const told = await store.backfillProgress(id);
    return {
      runs: told?.runs,
      ...Object.fromEntries(
        (told?.assets ?? []).map(({ assetKey, requested, materialized: made, failed }) => [
          assetKey,
          [[...requested], [...made], [...failed]],
        ]),
      ),
    };
  };
  /** A run of the steps "a" and "b" for the backfill, owned by this process. */
  const asked = (id: string, indexes: IndexSet, backfillId = "f"): Promise<unknown> =>
    store.createRun(
      newRun(id, { ...divided(indexes), backfillId, runKey: `backfill/${backfillId}/${id}`, claimedBy: { owner: owner(), leaseMs: 1000 } }),
    );

  describe("a backfill", () => {
    test("is told as it was created", async () => {
      const { targets: _, ...given } = newBackfill("f", { who: "ann", why: "late data" });
      const told = { ...given, status: "REQUESTED", runCount: 0 };
      expect(await store.createBackfill(newBackfill("f", { who: "ann", why: "late data" }))).toEqual(told);
      expect(await store.getBackfill("f")).toEqual(told);
      expect([await store.getBackfill("none"), await store.backfillProgress("none")]).toEqual([undefined, undefined]);
      const { assets, runs } = (await store.backfillProgress("f")) ?? { assets: [] };
      expect(assets.map((asset) => [asset.assetKey, asset.layout, [...asset.indexes]])).toEqual([
        ["b", null, [0]],
        ["a", layout, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ]);
      expect(runs).toEqual({});
    });

    test("with a taken id is refused, and leaves nothing behind", async () => {
      await store.createBackfill(newBackfill("f"));
      await expect(store.createBackfill(newBackfill("f", { asked: "other" }))).rejects.toMatchObject({
        code: "STORE.DUPLICATE_BACKFILL",
        message: "There is a backfill of this id, f.\n  → Choose another id for another backfill.",
      });
      expect(await store.getBackfill("f")).toMatchObject({ asked: newBackfill("f").asked });
    });

    test("changes its status only from where it is expected, and ends once it may", async () => {
      await store.createBackfill(newBackfill("f"));
      expect(await store.setBackfillStatus("f", { from: ["RUNNING"], to: "PAUSED", atMs: 6 })).toBe(false);
      expect(await store.setBackfillStatus("none", { from: ["REQUESTED"], to: "RUNNING", atMs: 6 })).toBe(false);
      const both = [1, 2].map(() => store.setBackfillStatus("f", { from: ["REQUESTED", "PAUSED"], to: "RUNNING", atMs: 6 }));
      expect((await Promise.all(both)).filter(Boolean)).toEqual([true]);
      expect(await store.setBackfillStatus("f", { from: ["RUNNING"], to: "FAILURE", atMs: 7, error: "3 runs failed" })).toBe(true);
      expect(await store.getBackfill("f")).toMatchObject({ status: "FAILURE", endedAtMs: 7, error: "3 runs failed" });
      await store.setBackfillStatus("f", { from: ["FAILURE"], to: "RUNNING", atMs: 8 });
      const again = await store.getBackfill("f");
      expect([again?.status, again?.endedAtMs, again?.error]).toEqual(["RUNNING", undefined, undefined]);
    });

    test("is listed newest first, paged and by status", async () => {
      for (const id of ["f1", "f2", "f3", "f4"]) await store.createBackfill(newBackfill(id));
      await store.setBackfillStatus("f2", { from: ["REQUESTED"], to: "RUNNING", atMs: 6 });
      const ids = async (filter: Parameters<Store["listBackfills"]>[0]) => (await store.listBackfills(filter)).map(({ id }) => id);
      expect(await ids({ limit: 3 })).toEqual(["f4", "f3", "f2"]);
      expect(await ids({ limit: 3, beforeId: "f2" })).toEqual(["f1"]);
      expect(await ids({ limit: 3, statuses: ["RUNNING", "PAUSED"] })).toEqual(["f2"]);
      expect(await ids({ limit: 3, statuses: [] })).toEqual([]);
    });
  });

  describe("a run of a backfill", () => {
    test("counts as requested from the moment that it is there", async () => {
      await running("f");
      await asked("r1", IndexSet.range(2, 4));
      expect(await progress("f")).toEqual({ runs: { STARTED: 1 }, a: [[2, 3], [], []], b: [[0], [], []] });
      expect(await store.getRun("r1")).toMatchObject({ backfillId: "f" });
      expect(await store.getBackfill("f")).toMatchObject({ runCount: 1 });
      await store.createRun(newRun("alone"));
      expect((await store.listRuns({ backfillId: "f", limit: 10 })).map(({ id }) => id)).toEqual(["r1"]);
    });

    test("is made once for each key: asked for again, nothing is changed", async () => {
      await running("f");
      await asked("r1", IndexSet.range(2, 4));
      const again = newRun("r2", { ...divided(IndexSet.range(2, 4)), backfillId: "f", runKey: "backfill/f/r1" });
      await expect(store.createRun(again)).rejects.toMatchObject({ code: "STORE.DUPLICATE_RUN" });
      expect([await progress("f"), (await store.getBackfill("f"))?.runCount]).toEqual([
        { runs: { STARTED: 1 }, a: [[2, 3], [], []], b: [[0], [], []] },
        1,
      ]);
    });

    test.each(["REQUESTED", "PAUSED", "CANCELING", "CANCELED", "SUCCESS", "FAILURE"] as const)(
      "is refused while the backfill is %s, and leaves nothing behind",
      async (status) => {
        await store.createBackfill(newBackfill("f"));
        await store.setBackfillStatus("f", { from: ["REQUESTED"], to: status, atMs: 6 });
        await expect(asked("r1", IndexSet.range(2, 4))).rejects.toMatchObject({
          code: "STORE.BACKFILL_NOT_RUNNING",
          message: `Backfill f is ${status}; it asks for no runs.\n  → Resume or retry the backfill first.`,
        });
        expect([await store.getRun("r1"), await progress("f")]).toEqual([undefined, { runs: {}, a: [[], [], []], b: [[], [], []] }]);
      },
    );

    test("of a backfill that is not there is refused", async () => {
      await expect(asked("r1", IndexSet.range(2, 4), "none")).rejects.toMatchObject({
        message: "Backfill none does not exist; it asks for no runs.\n  → Resume or retry the backfill first.",
      });
    });

    test("tells by its steps what was materialized and what failed; a later run takes a failure back", async () => {
      await running("f");
      await asked("r1", IndexSet.range(0, 3));
      await store.commit(batch("r1", 1, { claims: [claim("a", "A1")] }));
      await store.commit(
        batch("r1", 1, { completions: [completion("a", "A1", { events: [0, 1, 2].map((index) => materialized(index)) })] }),
      );
      expect(await progress("f")).toEqual({ runs: { STARTED: 1 }, a: [[0, 1, 2], [0, 1, 2], []], b: [[0], [], []] });
      await store.repairRun("r1", 1, { reason: "gone" }, 60);
      await asked("r2", IndexSet.range(5, 7));
      await store.commit(batch("r2", 1, { claims: [claim("a", "A2"), claim("b", "B2")] }));
      await store.repairRun("r2", 1, { reason: "gone" }, 60);
      expect(await progress("f")).toEqual({
        runs: { FAILURE: 2 },
        a: [
          [0, 1, 2, 5, 6],
          [0, 1, 2],
          [5, 6],
        ],
        b: [[0], [], [0]],
      });
      await asked("r3", IndexSet.range(6, 7));
      await store.commit(batch("r3", 1, { claims: [claim("a", "A3"), claim("b", "B3")] }));
      const ended = [completion("a", "A3", { events: [materialized(6)] }), completion("b", "B3", { events: [] })];
      await store.commit(batch("r3", 1, { completions: ended, end: { status: "SUCCESS", atMs: 70 } }));
      expect(await progress("f")).toEqual({
        runs: { FAILURE: 2, SUCCESS: 1 },
        a: [[0, 1, 2, 5, 6], [0, 1, 2, 6], [5]],
        b: [[0], [0], []],
      });
    });

    test("tells by the steps of checks where one did not succeed, until a later one does", async () => {
      await running("f");
      const failedChecks = async (): Promise<unknown> => {
        const checks = (await store.backfillProgress("f"))?.assets.flatMap((asset) => Object.entries(asset.failedChecks)) ?? [];
        return Object.fromEntries(checks.map(([id, set]) => [id, [...set]]));
      };
      const run = async (id: string, indexes: IndexSet, outcome: "SUCCESS" | "FAILURE"): Promise<void> => {
        const { steps, ...rest } = newRun(id, { ...divided(indexes), backfillId: "f", claimedBy: { owner: owner(), leaseMs: 1000 } });
        await store.createRun({ ...rest, steps: [...steps, { key: "a#x+b#y", assets: [] }] });
        await store.commit(batch(id, 1, { claims: [claim("a#x+b#y", id)] }));
        const completions = [completion("a#x+b#y", id, { outcome, stepStatus: outcome, events: [] })];
        await store.commit(batch(id, 1, { completions }));
        expect(await failedChecks()).toEqual(id === "r1" ? {} : { "a#x": [0, 1, 2], "b#y": [0] }); // while the run goes on
        await store.commit(batch(id, 1, { end: { status: outcome, atMs: 70 } }));
      };
      await run("r1", IndexSet.range(0, 3), "FAILURE");
      expect(await failedChecks()).toEqual({ "a#x": [0, 1, 2], "b#y": [0] });
      await run("r2", IndexSet.range(1, 3), "SUCCESS");
      expect(await failedChecks()).toEqual({ "a#x": [0] });
    });

    test("whose definition has changed since counts by its keys", async () => {
      await running("f");
      const earlier = layoutOf(spaceOf(dailyPartitions({ start: "2024-12-31" })));
      await store.createRun(newRun("r1", { ...divided(IndexSet.range(1, 3), earlier), backfillId: "f" }));
      expect(await progress("f")).toMatchObject({ a: [[0, 1], [], []] });
    });
  });
}
