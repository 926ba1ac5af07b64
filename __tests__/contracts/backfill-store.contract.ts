import { dailyPartitions } from "../../src/model/partitions/define-partitions";
import { IndexSet } from "../../src/model/partitions/index-set";
import { layoutOf } from "../../src/model/partitions/partition-layout";
import type { BackfillStatus } from "../../src/model/backfill";
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

const claimed = (pid = 1, again = false) => ({ driver: { ...owner(), pid }, nowMs: 6, leaseMs: 1000, again });

/** What every store promises of backfills, whatever keeps its rows. */
export function backfillStoreContract(open: () => Promise<Store>): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  const running = async (id: string): Promise<void> => {
    await store.createBackfill(newBackfill(id));
    await store.claimBackfill(id, claimed());
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
  const asked = (id: string, indexes: IndexSet, backfill = { id: "f", epoch: 1 }): Promise<unknown> =>
    store.createRun(
      newRun(id, { ...divided(indexes), backfill, runKey: `backfill/${backfill.id}/${id}`, claimedBy: { owner: owner(), leaseMs: 1000 } }),
    );
  /** A backfill in this state, that no process drives any more; its epoch is 1. */
  const left = async (id: string, status: BackfillStatus): Promise<void> => {
    await store.createBackfill(newBackfill(id));
    if (status === "REQUESTED") return;
    await store.claimBackfill(id, claimed());
    if (status === "RUNNING") await store.repairBackfill(id, 1, { onlyIfLapsed: false }, 7);
    else if (status === "CANCELING" || status === "CANCELED") await store.cancelBackfill(id, 7);
    if (status === "CANCELED") await store.repairBackfill(id, 1, { onlyIfLapsed: false }, 7);
    if (status === "SUCCESS" || status === "FAILURE" || status === "PAUSED") await store.releaseBackfill(id, 1, { status, atMs: 7 });
  };
  const pathOf = async (id: string) => {
    const { status, endedAtMs, error, driver } = (await store.getBackfill(id)) ?? {};
    return [status, endedAtMs, error, driver?.pid];
  };

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

    test("is driven by one process: of two that claim it at once one gets the new epoch", async () => {
      await store.createBackfill(newBackfill("f"));
      const epochs = await Promise.all([1, 2, 3].map((pid) => store.claimBackfill("f", claimed(pid))));
      expect(epochs).toEqual([1, undefined, undefined]);
      expect(await pathOf("f")).toEqual(["RUNNING", undefined, undefined, 1]);
      expect(await store.drivenBackfills()).toEqual([{ backfillId: "f", epoch: 1, driver: claimed(1).driver }]);
      expect(await store.claimBackfill("none", claimed())).toBeUndefined();
    });

    test.each<[BackfillStatus, resumed: number | undefined, retried: number | undefined]>([
      ["REQUESTED", 1, 1],
      ["RUNNING", 3, 3],
      ["PAUSED", 2, 2],
      ["CANCELING", undefined, undefined],
      ["CANCELED", undefined, 3],
      ["SUCCESS", undefined, undefined],
      ["FAILURE", undefined, 2],
    ])("that was left as %s is claimed to go on as epoch %s, and again as epoch %s", async (status, resumed, retried) => {
      await left("f1", status);
      await left("f2", status);
      expect([await store.claimBackfill("f1", claimed(2)), await store.claimBackfill("f2", claimed(2, true))]).toEqual([resumed, retried]);
      if (retried !== undefined) expect(await pathOf("f2")).toEqual(["RUNNING", undefined, undefined, 2]);
    });

    test("that has a run which has not ended is neither claimed nor taken from its driver", async () => {
      await running("f");
      await asked("r1", IndexSet.range(0, 1));
      expect(await store.repairBackfill("f", 1, { onlyIfLapsed: false }, 7)).toBe(false);
      await store.releaseBackfill("f", 1, { status: "PAUSED", atMs: 7 });
      expect([await store.claimBackfill("f", claimed(2)), await store.claimBackfill("f", claimed(2, true))]).toEqual([
        undefined,
        undefined,
      ]);
      await store.repairRun("r1", 1, { reason: "gone" }, 8);
      expect(await store.claimBackfill("f", claimed(2))).toBe(2);
    });

    test("takes nothing from an earlier driver", async () => {
      await running("f");
      expect(await store.repairBackfill("f", 1, { onlyIfLapsed: false }, 7)).toBe(true);
      expect(await store.claimBackfill("f", claimed(2))).toBe(3);
      expect([
        await store.renewBackfill("f", 1, 1e9),
        await store.releaseBackfill("f", 1, { status: "SUCCESS", atMs: 8 }),
        await store.repairBackfill("f", 1, { onlyIfLapsed: false }, 8),
      ]).toEqual([false, false, false]);
      await expect(asked("r1", IndexSet.range(0, 1))).rejects.toMatchObject({
        code: "STORE.BACKFILL_FENCED",
        message:
          "Backfill f was taken over by another process.\n  → Look at it with `millrace backfill show f`; this process may ask for no more of its runs.",
      });
      expect([await pathOf("f"), await progress("f")]).toEqual([
        ["RUNNING", undefined, undefined, 2],
        { runs: {}, a: [[], [], []], b: [[], [], []] },
      ]);
    });

    test("is its driver's until the lease has lapsed, which is renewed but never shortened", async () => {
      await running("f");
      const lapsed = (nowMs: number) => store.repairBackfill("f", 1, { onlyIfLapsed: true }, nowMs);
      expect(await lapsed(1005)).toBe(false);
      expect(await store.renewBackfill("f", 1, 2000)).toBe(true);
      expect(await store.renewBackfill("f", 1, 1500)).toBe(true);
      expect([await lapsed(1999), await lapsed(2000)]).toEqual([false, true]);
      expect(await pathOf("f")).toEqual(["RUNNING", undefined, undefined, undefined]);
    });

    test("ends as its driver says while it runs, as CANCELED when it was canceled, and stays PAUSED when it was paused", async () => {
      for (const id of ["f1", "f2", "f3"]) await running(id);
      expect([await store.cancelBackfill("f2", 7), await store.cancelBackfill("f2", 7), await store.pauseBackfill("f3")]).toEqual([true, false, true]); // prettier-ignore
      expect([(await pathOf("f2"))[0], (await pathOf("f3"))[0]]).toEqual(["CANCELING", "PAUSED"]);
      for (const id of ["f1", "f2", "f3"])
        expect(await store.releaseBackfill(id, 1, { status: "FAILURE", atMs: 9, error: "3 runs failed" })).toBe(true);
      expect([await pathOf("f1"), await pathOf("f2"), await pathOf("f3")]).toEqual([
        ["FAILURE", 9, "3 runs failed", undefined],
        ["CANCELED", 9, undefined, undefined],
        ["PAUSED", undefined, undefined, undefined],
      ]);
      expect(await store.releaseBackfill("f1", 1, { status: "SUCCESS", atMs: 10 })).toBe(false);
      expect([await store.cancelBackfill("f3", 11), await pathOf("f3")]).toEqual([true, ["CANCELED", 11, undefined, undefined]]);
    });

    test("that was being canceled when its driver died is CANCELED by the repair", async () => {
      await running("f");
      await store.cancelBackfill("f", 7);
      expect(await store.repairBackfill("f", 1, { onlyIfLapsed: false }, 8)).toBe(true);
      expect(await pathOf("f")).toEqual(["CANCELED", 8, undefined, undefined]);
      expect(await store.drivenBackfills()).toEqual([]);
    });

    test("is listed newest first, paged and by status", async () => {
      for (const id of ["f1", "f2", "f3", "f4"]) await store.createBackfill(newBackfill(id));
      await store.claimBackfill("f2", claimed());
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
      const again = newRun("r2", { ...divided(IndexSet.range(2, 4)), backfill: { id: "f", epoch: 1 }, runKey: "backfill/f/r1" });
      await expect(store.createRun(again)).rejects.toMatchObject({ code: "STORE.DUPLICATE_RUN" });
      expect([await progress("f"), (await store.getBackfill("f"))?.runCount]).toEqual([
        { runs: { STARTED: 1 }, a: [[2, 3], [], []], b: [[0], [], []] },
        1,
      ]);
    });

    test.each(["REQUESTED", "PAUSED", "CANCELING", "CANCELED", "SUCCESS", "FAILURE"] as const)(
      "is refused while the backfill is %s, and leaves nothing behind",
      async (status) => {
        await left("f", status);
        await expect(asked("r1", IndexSet.range(2, 4))).rejects.toMatchObject({
          code: "STORE.BACKFILL_NOT_RUNNING",
          message: `Backfill f is ${status}; it asks for no runs.\n  → Resume or retry the backfill first.`,
        });
        expect([await store.getRun("r1"), await progress("f")]).toEqual([undefined, { runs: {}, a: [[], [], []], b: [[], [], []] }]);
      },
    );

    test("of a backfill that is not there is refused", async () => {
      await expect(asked("r1", IndexSet.range(2, 4), { id: "none", epoch: 1 })).rejects.toMatchObject({
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
        const { steps, ...rest } = newRun(id, {
          ...divided(indexes),
          backfill: { id: "f", epoch: 1 },
          claimedBy: { owner: owner(), leaseMs: 1000 },
        });
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

    test("that failed counts as never asked for once the backfill is retried; what it made stays made", async () => {
      await running("f");
      await asked("r1", IndexSet.range(0, 2));
      await store.commit(batch("r1", 1, { claims: [claim("a", "A1"), claim("b", "B1")] }));
      await store.commit(batch("r1", 1, { completions: [completion("a", "A1", { events: [0, 1].map((index) => materialized(index)) })] }));
      await store.repairRun("r1", 1, { reason: "gone" }, 60);
      expect(await progress("f")).toMatchObject({ a: [[0, 1], [0, 1], []], b: [[0], [], [0]] });
      await store.releaseBackfill("f", 1, { status: "FAILURE", atMs: 61 });
      expect(await store.claimBackfill("f", claimed(1, true))).toBe(2);
      expect([await progress("f"), (await store.getBackfill("f"))?.retriedAfter]).toEqual([
        { runs: { FAILURE: 1 }, a: [[0, 1], [0, 1], []], b: [[], [], []] },
        "r1",
      ]);
      await asked("r2", IndexSet.range(5, 6), { id: "f", epoch: 2 });
      await store.repairRun("r2", 1, { reason: "gone" }, 62);
      expect(await progress("f")).toMatchObject({ a: [[0, 1, 5], [0, 1], [5]], b: [[0], [], [0]] });
      expect((await store.listRuns({ backfillId: "f", afterId: "r1", limit: 10 })).map(({ id }) => id)).toEqual(["r2"]);
      await store.repairBackfill("f", 2, { onlyIfLapsed: false }, 63);
      await store.claimBackfill("f", claimed(1));
      expect([await progress("f"), (await store.getBackfill("f"))?.retriedAfter]).toMatchObject([{ a: [[0, 1, 5], [0, 1], [5]] }, "r1"]);
    });

    test("whose checks failed is told apart from what a retry has come to", async () => {
      await running("f");
      const checks = async (): Promise<unknown> => {
        const told = (await store.backfillProgress("f"))?.assets.flatMap(({ failedChecks, retriedChecks }) => [failedChecks["a#x"], retriedChecks["a#x"]]); // prettier-ignore
        return told?.flatMap((set) => (set ? [[...set]] : []));
      };
      const run = async (id: string, indexes: IndexSet, { a, check, epoch = 2 }: { a: "SUCCESS" | "FAILURE"; check?: "SUCCESS" | "FAILURE"; epoch?: number }) => {
        const { steps, ...rest } = newRun(id, { ...divided(indexes), backfill: { id: "f", epoch }, claimedBy: { owner: owner(), leaseMs: 1000 } });
        await store.createRun({ ...rest, steps: [...steps, { key: "a#x", assets: [] }] });
        await store.commit(batch(id, 1, { claims: [claim("a", `${id}-a`), claim("a#x", `${id}-x`)] }));
        const events = a === "SUCCESS" ? [...indexes].map((index) => materialized(index)) : [];
        const completions = [completion("a", `${id}-a`, { outcome: a, stepStatus: a, events }), ...(check ? [completion("a#x", `${id}-x`, { outcome: check, stepStatus: check, events: [] })] : [])];
        await store.commit(batch(id, 1, { completions }));
        await store.repairRun(id, 1, { reason: "gone" }, 60);
      }; // prettier-ignore
      await run("r1", IndexSet.range(0, 4), { a: "SUCCESS", check: "FAILURE", epoch: 1 });
      expect(await checks()).toEqual([[0, 1, 2, 3]]);
      await store.releaseBackfill("f", 1, { status: "FAILURE", atMs: 61 });
      await store.claimBackfill("f", claimed(1, true));
      expect(await checks()).toEqual([
        [0, 1, 2, 3],
        [0, 1, 2, 3],
      ]);
      await run("r2", IndexSet.range(0, 1), { a: "SUCCESS", check: "SUCCESS" });
      await run("r3", IndexSet.range(1, 2), { a: "SUCCESS", check: "FAILURE" });
      await run("r4", IndexSet.range(2, 3), { a: "FAILURE", check: "SUCCESS" });
      expect(await checks()).toEqual([[1, 3], [3]]);
    });

    test("whose definition has changed since counts by its keys", async () => {
      await running("f");
      const earlier = layoutOf(spaceOf(dailyPartitions({ start: "2024-12-31" })));
      await store.createRun(newRun("r1", { ...divided(IndexSet.range(1, 3), earlier), backfill: { id: "f", epoch: 1 } }));
      expect(await progress("f")).toMatchObject({ a: [[0, 1], [], []] });
    });
  });
}
