import { EVENT_TYPES, type NewEvent } from "../../src/model/event";
import type { Claim, Completion, NewRun, Owner, RunBatch, RunStore } from "../../src/storage/run-store";

export const owner = (pid = 1): Owner => ({ pid, processStartedAt: "0", bootId: "boot", host: "host" });

/** A run with the steps "a" and "b" (each makes the asset of its name). */
export const newRun = (id: string, rest: Partial<NewRun> = {}): NewRun => ({
  id,
  tags: {},
  selection: "*",
  codeVersion: "v1",
  createdAtMs: 1,
  plan: { steps: ["a", "b"] },
  config: {},
  steps: [
    { key: "a", assets: ["a"] },
    { key: "b", assets: ["b"] },
  ],
  events: [],
  status: "NOT_STARTED",
  ...rest,
});

export const batch = (runId: string, epoch: number, rest: Partial<RunBatch> = {}): RunBatch => ({
  runId,
  epoch,
  nowMs: 50,
  completions: [],
  claims: [],
  transitions: [],
  events: [],
  ...rest,
});

export const claim = (stepKey: string, attemptId: string, attempt = 1): Claim => ({
  stepKey,
  attempt,
  attemptId,
  nowMs: 20,
  leaseUntilMs: 1000,
});

export const completion = (stepKey: string, attemptId: string, rest: Partial<Completion> = {}): Completion => ({
  stepKey,
  attempt: 1,
  attemptId,
  outcome: "SUCCESS",
  stepStatus: "SUCCESS",
  startedAtMs: 20,
  atMs: 30,
  events: [{ type: "ASSET_MATERIALIZATION", atMs: 30, stepKey, attempt: 1, assetKey: stepKey, payload: { dataVersion: attemptId } }],
  ...rest,
});

/** A batch that asks only whether an attempt may publish. */
const publication = (runId: string, epoch: number, atMs: number): RunBatch =>
  batch(runId, epoch, { publications: [{ attemptId: "A1", assetKey: "a", atMs }] });

/** A claimed run; its epoch. */
export async function startedRun(store: RunStore, id: string, rest: Partial<NewRun> = {}): Promise<number> {
  await store.createRun(newRun(id, rest));
  const epoch = await store.claimRun(id, owner(), 10, 1000);
  if (epoch === undefined) throw new Error(`Run ${id} could not be claimed.`);
  return epoch;
}

const log = (message: string, ordinal?: number): NewEvent & { ordinal?: number } => ({
  type: "LOG",
  atMs: 25,
  payload: { message },
  ...(ordinal === undefined ? {} : { ordinal }),
});

const everyEvent = (store: RunStore, runId: string) => store.events({ runId, afterSeq: 0, limit: 10_000 });

/** What every run store promises, whatever keeps its rows. */
export function runStoreContract(open: () => Promise<RunStore>): void {
  let store: RunStore;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  describe("a run", () => {
    test("is told as it was created", async () => {
      const given = newRun("r", {
        tags: { team: "ops" },
        parentRunId: "p",
        rootRunId: "q",
        config: { password: "***" },
        status: "QUEUED",
        createdAtMs: 7,
      });
      const { steps, events, ...rest } = given;
      const told = { ...rest, epoch: 0, stepCounts: { WAITING: steps.length } };
      expect(await store.createRun(given)).toEqual(told);
      expect(await store.getRun("r")).toEqual(told);
      expect(events).toEqual([]);
    });

    test("that was never created is undefined, has no steps and no events", async () => {
      expect(await store.getRun("none")).toBeUndefined();
      expect(await store.steps("none")).toEqual([]);
      expect(await everyEvent(store, "none")).toEqual([]);
      expect(await store.claimRun("none", owner(), 1, 1)).toBeUndefined();
      expect(await store.requestCancel("none", 1)).toBeUndefined();
      expect(await store.cancelRequested("none")).toBe(false);
      expect(await store.repairRun("none", 0, { reason: "x" }, 1)).toBe(false);
      expect(await store.commit(batch("none", 1))).toEqual({ ok: false, fenced: [], epochLost: true });
    });

    test("created with its owner is claimed in the same transaction, and takes no other", async () => {
      const made = await store.createRun(newRun("r", { events: [log("planned")], claimedBy: { owner: owner(7), leaseMs: 1000 } }));
      expect(made).toMatchObject({ id: "r", status: "STARTED", epoch: 1, startedAtMs: 1 });
      expect((await everyEvent(store, "r")).map(({ seq, type, atMs }) => [seq, type, atMs])).toEqual([[1, "LOG", 25], [2, "RUN_START", 1]]); // prettier-ignore
      expect(await store.runsToRepair()).toEqual([{ runId: "r", status: "STARTED", epoch: 1, owner: owner(7), leaseUntilMs: 1001 }]);
      expect(await store.claimRun("r", owner(8), 10, 1000)).toBeUndefined();
      expect(await store.commit(batch("r", 1, { claims: [claim("a", "A1")] }))).toMatchObject({ ok: true });
    });

    test("raced by two claims has one owner", async () => {
      await store.createRun(newRun("r"));
      const epochs = await Promise.all([store.claimRun("r", owner(1), 10, 1000), store.claimRun("r", owner(2), 10, 1000)]);
      expect(epochs.filter((epoch) => epoch !== undefined)).toEqual([1]);
      expect((await store.runsToRepair()).map(({ runId, owner: { pid } }) => [runId, pid])).toEqual([["r", epochs[0] === 1 ? 1 : 2]]);
      expect((await everyEvent(store, "r")).map(({ type }) => type)).toEqual(["RUN_START"]);
    });

    test("goes from claim to end, and every event keeps its place", async () => {
      const epoch = await startedRun(store, "r", { events: [{ type: "ASSET_MATERIALIZATION_PLANNED", atMs: 1, assetKey: "a" }] });
      expect(await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }))).toEqual({
        ok: true,
        eventIds: {},
        granted: [],
        cancelRequested: false,
      });
      const second = await store.commit(batch("r", epoch, { completions: [completion("a", "A1")], claims: [claim("b", "B1")] }));
      const id = (await everyEvent(store, "r")).find(({ type }) => type === "ASSET_MATERIALIZATION")?.id;
      expect(second).toEqual({
        ok: true,
        eventIds: { A1: [{ type: "ASSET_MATERIALIZATION", assetKey: "a", id }] },
        granted: [],
        cancelRequested: false,
      });
      await store.commit(
        batch("r", epoch, {
          completions: [completion("b", "B1", { events: [], outcome: "FAILURE", stepStatus: "FAILURE" })],
          events: [{ type: "RUN_FAILURE", atMs: 40 }],
          end: { status: "FAILURE", atMs: 40 },
        }),
      );
      expect(await store.getRun("r")).toMatchObject({
        status: "FAILURE",
        startedAtMs: 10,
        endedAtMs: 40,
        stepCounts: { SUCCESS: 1, FAILURE: 1 },
      });
      expect((await everyEvent(store, "r")).map(({ seq, type }) => `${seq} ${type}`)).toEqual([
        "1 ASSET_MATERIALIZATION_PLANNED",
        "2 RUN_START",
        "3 STEP_START",
        "4 ASSET_MATERIALIZATION",
        "5 STEP_START",
        "6 RUN_FAILURE",
      ]);
      expect(await store.steps("r")).toEqual([
        { runId: "r", key: "a", status: "SUCCESS", attempt: 1, startedAtMs: 20, endedAtMs: 30 },
        { runId: "r", key: "b", status: "FAILURE", attempt: 1, startedAtMs: 20, endedAtMs: 30 },
      ]);
    });

    test("that has ended takes no batch and no lease", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { end: { status: "SUCCESS", atMs: 40 } }));
      expect(await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }))).toEqual({ ok: false, fenced: [], epochLost: true });
      expect(await store.renewLease("r", epoch, 5000)).toBe(false);
      expect(await store.claimRun("r", owner(), 1, 1)).toBeUndefined();
    });

    test.each([
      ["id", newRun("r1"), "There is a run of this id, r1.\n  → One key gives one run; choose another key for another run."],
      [
        "run key",
        newRun("r2", { runKey: "k" }),
        'There is a run of this key already: "k".\n  → One key gives one run; choose another key for another run.',
      ],
    ])("with a taken %s is refused, and leaves nothing behind", async (_, second, message) => {
      await store.createRun(newRun("r1", { runKey: "k" }));
      await expect(store.createRun(second)).rejects.toMatchObject({ name: "StoreError", code: "STORE.DUPLICATE_RUN", message });
      expect(await store.countRuns()).toEqual({ NOT_STARTED: 1 });
    });

    test("that plans a step twice is not called a duplicate run", async () => {
      const step = { key: "a", assets: ["a"] };
      await expect(store.createRun(newRun("r", { runKey: "k", steps: [step, step] }))).rejects.toMatchObject({ code: "STORE.FAILED" });
      expect(await store.getRun("r")).toBeUndefined();
    });
  });

  describe("the fence", () => {
    test("rolls the whole batch back when one completion is not current", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      const before = [await store.getRun("r"), await store.steps("r"), await everyEvent(store, "r")];
      const result = await store.commit(
        batch("r", epoch, {
          completions: [completion("a", "A1"), completion("b", "B9")],
          events: [log("never")],
          end: { status: "SUCCESS", atMs: 40 },
        }),
      );
      expect(result).toEqual({ ok: false, fenced: ["B9"], epochLost: false });
      expect([await store.getRun("r"), await store.steps("r"), await everyEvent(store, "r")]).toEqual(before);
      expect(await store.latestMaterializations("all")).toEqual([]);
      expect(await store.commit(batch("r", epoch, { completions: [completion("a", "A1")] }))).toMatchObject({ ok: true });
    });

    test("takes the end of an attempt once", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      await store.commit(batch("r", epoch, { completions: [completion("a", "A1")] }));
      expect(await store.commit(batch("r", epoch, { completions: [completion("a", "A1")] }))).toEqual({
        ok: false,
        fenced: ["A1"],
        epochLost: false,
      });
    });

    test("lets a step be claimed once, and again with the next attempt after a retry", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      expect(await store.commit(batch("r", epoch, { claims: [claim("a", "A2", 2)] }))).toEqual({
        ok: false,
        fenced: ["A2"],
        epochLost: false,
      });
      const retry = completion("a", "A1", { outcome: "RETRY", stepStatus: "UP_FOR_RETRY", events: [] });
      expect(await store.commit(batch("r", epoch, { completions: [retry], claims: [claim("a", "A2", 2)] }))).toMatchObject({ ok: true });
      expect((await store.steps("r"))[0]).toEqual({ runId: "r", key: "a", status: "RUNNING", attempt: 2, startedAtMs: 20 });
      expect(await store.commit(batch("r", epoch, { completions: [completion("a", "A1")] }))).toEqual({
        ok: false,
        fenced: ["A1"],
        epochLost: false,
      });
    });

    test("refuses everything under an old epoch", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      const before = await everyEvent(store, "r");
      expect(await store.commit(batch("r", epoch - 1, { completions: [completion("a", "A1")] }))).toEqual({
        ok: false,
        fenced: [],
        epochLost: true,
      });
      expect(await store.commit(publication("r", epoch - 1, 25))).toEqual({ ok: false, fenced: [], epochLost: true });
      expect(await store.renewLease("r", epoch - 1, 5000)).toBe(false);
      expect(await store.repairRun("r", epoch - 1, { reason: "gone" }, 60)).toBe(false);
      await store.appendEvents("r", epoch - 1, "A1", [log("late")]);
      expect(await everyEvent(store, "r")).toEqual(before);
    });

    test.each(["NOT_STARTED", "QUEUED"] as const)("lets nobody write to a run that is %s: it has no owner", async (status) => {
      await store.createRun(newRun("r", { status }));
      const before = await store.getRun("r");
      const all = { claims: [claim("a", "A1")], events: [log("never")], end: { status: "SUCCESS", atMs: 40 } } as const;
      expect(await store.commit(batch("r", 0, all))).toEqual({ ok: false, fenced: [], epochLost: true });
      expect(await store.commit(publication("r", 0, 25))).toEqual({ ok: false, fenced: [], epochLost: true });
      expect(await store.repairRun("r", 0, { reason: "gone" }, 60)).toBe(false);
      await store.appendEvents("r", 0, undefined, [log("never")]);
      expect([await store.getRun("r"), await everyEvent(store, "r")]).toEqual([before, []]);
    });

    test("takes the end of an attempt only for the step and number that it was claimed with", async () => {
      const epoch = await startedRun(store, "r");
      const other = await startedRun(store, "other");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1"), claim("b", "B1")] }));
      await store.commit(batch("other", other, { claims: [claim("a", "other-A1")] }));
      for (const ended of [
        completion("a", "B1"),
        completion("b", "A1"),
        completion("a", "other-A1"),
        completion("a", "A1", { attempt: 2 }),
      ])
        expect(await store.commit(batch("r", epoch, { completions: [ended] }))).toEqual({
          ok: false,
          fenced: [ended.attemptId],
          epochLost: false,
        });
      expect(await Promise.all(["A1", "B1", "other-A1", "none"].map((id) => store.attemptOutcome(id)))).toEqual(["RUNNING", "RUNNING", "RUNNING", undefined]); // prettier-ignore
      expect(await store.commit(batch("r", epoch, { completions: [completion("a", "A1"), completion("b", "B1")] }))).toMatchObject({ ok: true }); // prettier-ignore
      expect(await Promise.all(["A1", "B1", "other-A1"].map((id) => store.attemptOutcome(id)))).toEqual(["SUCCESS", "SUCCESS", "RUNNING"]);
    });

    test("refuses a second end of an attempt, whoever writes it", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      const end = (type: "STEP_SUCCESS" | "STEP_FAILURE"): NewEvent => ({ type, atMs: 30, stepKey: "a", attempt: 1 });
      await store.commit(batch("r", epoch, { completions: [completion("a", "A1", { events: [end("STEP_SUCCESS")] })] }));
      const before = await everyEvent(store, "r");
      await expect(store.commit(batch("r", epoch, { events: [end("STEP_FAILURE")] }))).rejects.toMatchObject({ code: "STORE.FAILED" });
      await expect(store.appendEvents("r", epoch, undefined, [end("STEP_SUCCESS")])).rejects.toMatchObject({ code: "STORE.FAILED" });
      expect(await everyEvent(store, "r")).toEqual(before);
    });

    test("lets the owner of an ended run tell of its resources, its logs and stray code, and of nothing else", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { end: { status: "SUCCESS", atMs: 40 } }));
      const told: NewEvent[] = (["RESOURCE_TEARDOWN_FAILURE", "ENGINE_EVENT", "LOG", "OUTPUT"] as const).map((type) => ({
        type,
        atMs: 41,
      }));
      const never = EVENT_TYPES.filter((type) => !told.some((event) => event.type === type)).map((type) => ({ type, atMs: 41, assetKey: "a" })); // prettier-ignore
      await store.appendEvents("r", epoch, undefined, [...never, ...told]);
      await store.appendEvents("r", epoch - 1, undefined, told);
      expect((await everyEvent(store, "r")).map(({ seq, type }) => [seq, type])).toEqual([
        [1, "RUN_START"],
        ...told.map(({ type }, index) => [index + 2, type]),
      ]);
      expect(await store.latestMaterializations("all")).toEqual([]);
    });

    test("lets only the current attempt publish, and tells when it did", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      expect(await store.commit(publication("r", epoch, 26))).toMatchObject({ ok: true, granted: [true] });
      const late = { ...publication("r", epoch, 27), completions: [completion("a", "A1")], events: [log("stored all the same")] };
      expect(await store.commit(late)).toMatchObject({ ok: true, granted: [false] });
      expect(await store.attemptOutcome("A1")).toBe("SUCCESS");
      expect((await everyEvent(store, "r")).filter(({ type }) => type === "PUBLISH")).toMatchObject([
        { stepKey: "a", attempt: 1, assetKey: "a", atMs: 26 },
      ]);
    });

    test("keeps a step that is claimed ahead READY until its attempt starts or ends, and lets nobody else claim it", async () => {
      const epoch = await startedRun(store, "r");
      const ahead = { ...claim("a", "A1"), ahead: true };
      await store.commit(batch("r", epoch, { claims: [ahead, { ...claim("b", "B1"), ahead: true }] }));
      expect(await store.steps("r")).toMatchObject([{ key: "a", status: "READY", attempt: 1 }, { key: "b", status: "READY" }]); // prettier-ignore
      expect((await store.steps("r"))[0]).not.toHaveProperty("startedAtMs");
      expect((await everyEvent(store, "r")).map(({ type }) => type)).toEqual(["RUN_START"]);
      for (const number of [1, 2])
        expect(await store.commit(batch("r", epoch, { claims: [claim("a", "A2", number)] }))).toEqual({ ok: false, fenced: ["A2"], epochLost: false }); // prettier-ignore
      await store.commit(batch("r", epoch, { transitions: [{ stepKey: "a", status: "SKIPPED" }] }));
      expect((await store.steps("r"))[0]).toMatchObject({ status: "READY" });
      await store.commit(batch("r", epoch, { starts: [{ stepKey: "a", attempt: 1, atMs: 25 }] }));
      await store.commit(batch("r", epoch, { completions: [completion("b", "B1", { startedAtMs: 28 })] }));
      expect(await store.steps("r")).toMatchObject([
        { key: "a", status: "RUNNING", attempt: 1, startedAtMs: 25 },
        { key: "b", status: "SUCCESS", attempt: 1, startedAtMs: 28, endedAtMs: 30 },
      ]);
    });

    test("ends an attempt that was claimed ahead as LOST when its owner is gone: it may have started", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [{ ...claim("a", "A1"), ahead: true }] }));
      expect(await store.repairRun("r", epoch, { reason: "gone" }, 60)).toBe(true);
      expect(await store.attemptOutcome("A1")).toBe("LOST");
      expect((await store.steps("r"))[0]).toMatchObject({ key: "a", status: "FAILURE", attempt: 1, endedAtMs: 60 });
    });

    test("leaves an ended step as it is when a transition comes late", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      await store.commit(batch("r", epoch, { completions: [completion("a", "A1")] }));
      await store.commit(batch("r", epoch, { transitions: [{ stepKey: "a", status: "NOT_RUN" }, { stepKey: "b", status: "SKIPPED" }] })); // prettier-ignore
      expect((await store.steps("r")).map(({ status }) => status)).toEqual(["SUCCESS", "SKIPPED"]);
    });
  });

  describe("events", () => {
    test("with an ordinal are stored once per attempt, without a gap", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1"), claim("b", "B1")] }));
      await store.appendEvents("r", epoch, "A1", [log("one", 1), log("two", 2)]);
      await store.appendEvents("r", epoch, "A1", [log("two again", 2), log("three", 3), log("no ordinal")]);
      await store.appendEvents("r", epoch, "B1", [log("one of b", 1)]);
      await store.appendEvents("r", epoch, "gone", [log("never")]);
      const events = await everyEvent(store, "r");
      expect(events.filter(({ type }) => type === "LOG").map(({ payload }) => payload?.message)).toEqual([
        "one",
        "two",
        "three",
        "no ordinal",
        "one of b",
      ]);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    });

    test("are paged after a sequence number, and the pages have no gap", async () => {
      const epoch = await startedRun(store, "r");
      await startedRun(store, "other");
      for (let index = 0; index < 10; index++) {
        await Promise.all([
          store.appendEvents("r", epoch, undefined, [log(`${index}`), log(`${index}'`)]),
          store.appendEvents("other", 1, undefined, [log("x")]),
        ]);
      }
      const seqs: number[] = [];
      for (let after = 0; ; after = seqs.at(-1) ?? 0) {
        const page = await store.events({ runId: "r", afterSeq: after, limit: 4 });
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(4);
        seqs.push(...page.map(({ seq }) => seq));
      }
      expect(seqs).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
    });

    test("tell when each step was last heard of", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1"), claim("b", "B1")] }));
      await store.appendEvents("r", epoch, undefined, [
        { ...log("said"), stepKey: "b", atMs: 44 },
        { ...log("of the run"), atMs: 55 },
      ]);
      expect(await store.lastHeard("r")).toEqual({ a: 20, b: 44 });
      expect(await store.lastHeard("never made")).toEqual({});
    });

    test("come back as they were given", async () => {
      const epoch = await startedRun(store, "r");
      const event: NewEvent = {
        type: "ASSET_OBSERVATION",
        atMs: 25,
        assetKey: "a",
        payload: { message: "Größe 'x' \u{1F600}", pointer: { path: "p", parts: [1, null] } },
      };
      await store.appendEvents("r", epoch, undefined, [event]);
      expect((await everyEvent(store, "r"))[1]).toEqual({ ...event, id: expect.any(Number) as number, runId: "r", seq: 2 });
    });
  });

  describe("what is latest", () => {
    test("follows the events: materialization, observation, failure, checks and the planned run", async () => {
      const check = (name: string, passed: boolean): NewEvent => ({
        type: "ASSET_CHECK_EVALUATION",
        atMs: 28,
        assetKey: "a",
        payload: { check: { name, passed, severity: "ERROR", blocking: false } },
      });
      const planned: NewEvent = { type: "ASSET_MATERIALIZATION_PLANNED", atMs: 1, assetKey: "a" };
      for (const id of ["r1", "r2"]) {
        const epoch = await startedRun(store, id, { events: [planned] });
        await store.commit(batch(id, epoch, { claims: [claim("a", `${id}-A`)] }));
        await store.commit(batch(id, epoch, { completions: [completion("a", `${id}-A`)] }));
        await store.appendEvents(id, epoch, undefined, [
          check("rows", id === "r2"),
          check(`only ${id}`, true),
          { type: "ASSET_OBSERVATION", atMs: 29, assetKey: "seen" },
        ]);
      }
      await store.createRun(newRun("r3", { events: [planned] }));
      const all = await store.latestMaterializations("all");
      expect(all.map(({ assetKey }) => assetKey)).toEqual(["a", "seen"]);
      expect(all[0]).toMatchObject({ lastRunId: "r3", materialization: { runId: "r2", payload: { dataVersion: "r2-A" } } });
      expect(all[0]?.failure).toBeUndefined();
      expect(Object.entries(all[0]?.checks ?? {}).map(([name, { runId }]) => [name, runId]).sort()).toEqual([["only r1", "r1"], ["only r2", "r2"], ["rows", "r2"]]); // prettier-ignore
      expect(all[1]).toEqual({ assetKey: "seen", observation: expect.objectContaining({ runId: "r2" }) as object, checks: {} });
      expect(await store.latestMaterializations(["a"])).toEqual([all[0]]);
      expect(await store.latestMaterializations(["seen", "unknown", "a"])).toEqual([all[1], all[0]]);
      expect(await store.latestMaterializations(["seen", "a", ...Array.from({ length: 600 }, (_, index) => `u${index}`)])).toEqual(all);
      const history = await store.assetEvents({ assetKey: "a", limit: 2 });
      expect(history.map(({ type, runId }) => [type, runId])).toEqual([["ASSET_CHECK_EVALUATION", "r2"], ["ASSET_CHECK_EVALUATION", "r2"]]); // prettier-ignore
      const older = await store.assetEvents({ assetKey: "a", beforeId: history[1]?.id ?? 0, limit: 10 });
      expect(older.map(({ type, runId }) => [type, runId])).toEqual([
        ["ASSET_MATERIALIZATION", "r2"],
        ["ASSET_CHECK_EVALUATION", "r1"],
        ["ASSET_CHECK_EVALUATION", "r1"],
        ["ASSET_MATERIALIZATION", "r1"],
      ]);
    });
  });

  describe("runs", () => {
    test("are paged by key, newest first, and filtered by status and tag", async () => {
      for (let index = 0; index < 9; index++)
        await store.createRun(newRun(`r${index}`, { tags: { parity: index % 2 === 0 ? "even" : "odd", n: `${index}` } }));
      for (const id of ["r0", "r1", "r2"]) await store.claimRun(id, owner(), 10, 1000);
      const ids = async (filter: Parameters<RunStore["listRuns"]>[0]) => (await store.listRuns(filter)).map(({ id }) => id);
      expect(await ids({ limit: 4 })).toEqual(["r8", "r7", "r6", "r5"]);
      expect(await ids({ limit: 4, beforeId: "r5" })).toEqual(["r4", "r3", "r2", "r1"]);
      expect(await ids({ limit: 4, beforeId: "r1" })).toEqual(["r0"]);
      expect(await ids({ limit: 9, statuses: ["STARTED"] })).toEqual(["r2", "r1", "r0"]);
      expect(await ids({ limit: 9, statuses: ["STARTED", "NOT_STARTED"], tag: { key: "parity", value: "odd" }, beforeId: "r6" })).toEqual([
        "r5",
        "r3",
        "r1",
      ]);
      expect(await ids({ limit: 9, statuses: [] })).toEqual([]);
      expect(await ids({ limit: 9, tag: { key: "parity", value: "none" } })).toEqual([]);
      expect(await ids({ limit: 9, tag: { key: "n' or 1=1 --", value: "?" } })).toEqual([]);
      expect(await store.countRuns()).toEqual({ STARTED: 3, NOT_STARTED: 6 });
    });

    test("are filtered by when they were created, the newest first, whatever the order in which they came", async () => {
      for (const [id, createdAtMs] of [["c", 30], ["a", 10], ["b2", 20], ["b1", 20], ["d", 40]] as const)
        await store.createRun(newRun(id, { createdAtMs, tags: { team: id < "c" ? "x" : "y" } })); // prettier-ignore
      const ids = async (filter: Parameters<RunStore["listRuns"]>[0]) => (await store.listRuns(filter)).map(({ id }) => id);
      expect(await ids({ limit: 9, fromMs: 20 })).toEqual(["d", "c", "b1", "b2"]);
      expect(await ids({ limit: 9, fromMs: 20, toMs: 40 })).toEqual(["c", "b1", "b2"]);
      expect(await ids({ limit: 2, toMs: 40 })).toEqual(["c", "b1"]);
      expect(await ids({ limit: 2, toMs: 40, beforeId: "b1" })).toEqual(["b2", "a"]);
      expect(await ids({ limit: 9, fromMs: 0, afterId: "b2" })).toEqual(["d", "c", "b1"]);
      expect(await ids({ limit: 9, fromMs: 15, tag: { key: "team", value: "x" }, statuses: ["NOT_STARTED", "STARTED"] })).toEqual([
        "b1",
        "b2",
      ]);
    });
  });

  describe("canceling", () => {
    test("ends a run that has no owner at once", async () => {
      await store.createRun(newRun("r", { status: "QUEUED" }));
      expect(await store.requestCancel("r", 33)).toBe("CANCELED");
      expect(await store.getRun("r")).toMatchObject({
        status: "CANCELED",
        endedAtMs: 33,
        cancelRequestedAtMs: 33,
        stepCounts: { CANCELED: 2 },
      });
      expect((await everyEvent(store, "r")).map(({ type, stepKey }) => [type, stepKey])).toEqual([
        ["STEP_CANCELED", "a"],
        ["STEP_CANCELED", "b"],
        ["RUN_CANCELED", undefined],
      ]);
      expect(await store.claimRun("r", owner(), 34, 1000)).toBeUndefined();
      expect(await store.requestCancel("r", 35)).toBe("CANCELED");
    });

    test("is told to the owner with its next batch, and asked twice is stored once", async () => {
      const epoch = await startedRun(store, "r");
      expect(await store.cancelRequested("r")).toBe(false);
      expect(await store.requestCancel("r", 33)).toBe("CANCELING");
      expect(await store.cancelRequested("r")).toBe(true);
      expect(await store.requestCancel("r", 34)).toBe("CANCELING");
      expect(await store.commit(batch("r", epoch))).toEqual({ ok: true, eventIds: {}, granted: [], cancelRequested: true });
      expect(await store.getRun("r")).toMatchObject({ status: "CANCELING", cancelRequestedAtMs: 33 });
      await store.commit(batch("r", epoch, { events: [{ type: "RUN_CANCELED", atMs: 40 }], end: { status: "CANCELED", atMs: 40 } }));
      expect((await everyEvent(store, "r")).map(({ type }) => type)).toEqual(["RUN_START", "RUN_CANCELING", "RUN_CANCELED"]);
      expect(await store.requestCancel("r", 41)).toBe("CANCELED");
    });
  });

  describe("repair", () => {
    test("tells the truth: the running attempt is lost, what waited was not run, the run failed", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      expect(await store.runsToRepair()).toEqual([{ runId: "r", status: "STARTED", epoch, owner: owner(), leaseUntilMs: 1010 }]);
      expect(await store.repairRun("r", epoch, { reason: "process 1 is gone" }, 60)).toBe(true);
      expect(await store.getRun("r")).toMatchObject({
        status: "FAILURE",
        endedAtMs: 60,
        epoch: epoch + 1,
        stepCounts: { FAILURE: 1, NOT_RUN: 1 },
      });
      expect((await everyEvent(store, "r")).slice(2).map(({ type, stepKey, assetKey }) => [type, stepKey, assetKey])).toEqual([
        ["ATTEMPT_LOST", "a", undefined],
        ["ASSET_FAILED_TO_MATERIALIZE", "a", "a"],
        ["STEP_FAILURE", "a", undefined],
        ["STEP_NOT_RUN", "b", undefined],
        ["RUN_FAILURE", undefined, undefined],
      ]);
      expect((await store.latestMaterializations(["a"]))[0]).toMatchObject({
        failure: { payload: { reason: "RUN_TERMINATED", message: "process 1 is gone" } },
      });
      expect(await store.runsToRepair()).toEqual([]);
    });

    test("happens once, and the old owner can write nothing afterwards", async () => {
      const epoch = await startedRun(store, "r");
      await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      expect(
        await Promise.all([store.repairRun("r", epoch, { reason: "x" }, 60), store.repairRun("r", epoch, { reason: "x" }, 60)]),
      ).toEqual([true, false]);
      expect(await store.commit(batch("r", epoch, { completions: [completion("a", "A1")] }))).toEqual({
        ok: false,
        fenced: [],
        epochLost: true,
      });
      expect(await store.commit(publication("r", epoch, 61))).toEqual({ ok: false, fenced: [], epochLost: true });
    });

    test("that may only take a lapsed lease leaves a live one alone", async () => {
      const epoch = await startedRun(store, "r");
      await store.renewLease("r", epoch, 2000);
      expect(await store.repairRun("r", epoch, { reason: "x", onlyIfLapsed: true }, 1999)).toBe(false);
      expect(await store.getRun("r")).toMatchObject({ status: "STARTED", epoch });
      expect(await store.repairRun("r", epoch, { reason: "x", onlyIfLapsed: true }, 2000)).toBe(true);
      expect(await store.getRun("r")).toMatchObject({ status: "FAILURE", epoch: epoch + 1 });
    });

    test("of a run that was being canceled ends it as canceled", async () => {
      const epoch = await startedRun(store, "r");
      await store.requestCancel("r", 33);
      expect(await store.repairRun("r", epoch, { reason: "x" }, 60)).toBe(true);
      expect(await store.getRun("r")).toMatchObject({ status: "CANCELED" });
    });
  });

  test("a lease is renewed by its owner and never shortened", async () => {
    const epoch = await startedRun(store, "r");
    expect(await store.renewLease("r", epoch, 9000)).toBe(true);
    expect(await store.renewLease("r", epoch, 5000)).toBe(true);
    expect((await store.runsToRepair())[0]?.leaseUntilMs).toBe(9000);
  });

  test("many commits at once all succeed, and one that is refused does not spoil the others", async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `r${index}`);
    await Promise.all(ids.map((id) => startedRun(store, id)));
    const results = await Promise.all(
      ids.map((id, index) =>
        store
          .commit(batch(id, index === 7 ? 99 : 1, { claims: [claim("a", index === 9 ? "A8" : `A${index}`)] }))
          .catch((error: unknown) => (error as { code: string }).code),
      ),
    );
    expect(results.map((result) => (typeof result === "string" ? result : result.ok))).toEqual(
      ids.map((_, index) => (index === 7 ? false : index === 9 ? "STORE.FAILED" : true)),
    );
    const started = await Promise.all(ids.map(async (id) => (await store.steps(id))[0]?.status));
    expect(started).toEqual(ids.map((_, index) => (index === 7 || index === 9 ? "WAITING" : "RUNNING")));
  });
}
