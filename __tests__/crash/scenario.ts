import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Asset, AssetContext, Pipeline } from "millrace";
import type { NewEvent } from "../../src/model/event";
import type { NewRun, RunBatch, RunStore } from "../../src/storage/run-store";
import { partitionsAndBackfills } from "./partition-chapter";
import { openedShop, type Built } from "./opened-shop";
import { witnessed } from "./witness";

const built = <Module>(path: string): Module => require(`../../dist/${path}`) as Module;
const product: Built = {
  ...built<typeof import("../../runtime/instance/open-store")>("runtime/instance/open-store.js"),
  ...built<typeof import("../../runtime/instance/repair")>("runtime/instance/repair.js"),
  ...built<typeof import("../../runtime/instance/process-identity")>("runtime/instance/process-identity.js"),
  ...built<typeof import("../../runtime/launch/session")>("runtime/launch/session.js"),
  ...built<typeof import("../../runtime/scan/scan-definitions")>("runtime/scan/scan-definitions.js"),
  ...built<typeof import("../../src/base/clock")>("src/base/clock.js"),
};

/** A life of a store: `node scenario.ts HOME`. Every statement that writes is reached by one of these chapters. */
async function main(home: string): Promise<void> {
  const opened = await openedShop(home, product, [Waiting]);
  const store = witnessed(opened.store, join(home, "facts"));
  const session = opened.sessionOn(store);
  const { me } = opened;

  await store.createRun(byHand("queued", { status: "QUEUED", tags: { team: "ops" }, runKey: "once" }));
  await store.requestCancel("queued", 2);

  await leftBehind(store, me);
  await opened.repair(store);

  const first = await session.materialize("* and not (key:quick or key:slow)", { tags: { scenario: "shop" } });
  await fencesAndGroups(store, me);
  await partitionsAndBackfills(store, me);
  await opened.repair(store);

  Waiting.started = () => void store.requestCancel(lastRun, Date.now()).then(() => Waiting.release());
  let lastRun = "";
  await session.materialize("quick or slow", { onPlan: (_, runId) => (lastRun = runId) });

  writeFileSync(opened.mendedFile, "");
  const run = await store.getRun(first.runId);
  if (run) await session.retry(run);
  await store.close();
}

/** A step that waits for its abort, and one that ends when the run was asked to stop. */
@Pipeline()
class Waiting {
  static started: () => void = () => undefined;
  static release: () => void = () => undefined;
  static readonly released = new Promise<void>((done) => (Waiting.release = done));

  @Asset() async quick(): Promise<number> {
    await Waiting.released;
    return 1;
  }

  @Asset() async slow(context: AssetContext): Promise<number> {
    const aborted = new Promise<void>((done) => context.signal.addEventListener("abort", () => done()));
    Waiting.started();
    await aborted;
    context.signal.throwIfAborted();
    return 1;
  }
}

type Me = NonNullable<NewRun["claimedBy"]>["owner"];

function byHand(id: string, rest: Partial<NewRun> = {}): NewRun {
  const steps = ["x", "y"].map((key) => ({ key, assets: [key] }));
  return {
    id,
    tags: {},
    selection: "*",
    codeVersion: "v1",
    createdAtMs: 1,
    plan: { steps: steps.map((step) => ({ ...step, unit: step.key, checks: [], after: [] })) },
    config: {},
    steps,
    events: [],
    status: "NOT_STARTED",
    ...rest,
  };
}

const batch = (runId: string, rest: Partial<RunBatch>): RunBatch => ({
  runId,
  epoch: 1,
  nowMs: 3,
  completions: [],
  claims: [],
  transitions: [],
  events: [],
  ...rest,
});
const claim = (stepKey: string, attemptId: string) => ({ stepKey, attempt: 1, attemptId, nowMs: 3, leaseUntilMs: 9 });

/** A run whose process is gone: a step was running, another waited. */
async function leftBehind(store: RunStore, me: Me): Promise<void> {
  await store.createRun(byHand("left"));
  await store.claimRun("left", { ...me, processStartedAt: "0" }, 2, 1000);
  await store.commit(batch("left", { claims: [claim("x", "left-x")] }));
}

/** What runs rarely reach: refused batches alone and in a group, numbered events, renewed leases. */
async function fencesAndGroups(store: RunStore, me: Me): Promise<void> {
  const log = (ordinal: number): NewEvent & { ordinal: number } => ({ type: "LOG", atMs: 3, stepKey: "x", attempt: 1, ordinal });
  await store.createRun(byHand("own", { claimedBy: { owner: me, leaseMs: 60_000 } }));
  await store.commit(batch("own", { claims: [{ ...claim("x", "own-x"), ahead: true }] }));
  await store.commit(batch("own", { starts: [{ stepKey: "x", attempt: 1, atMs: 3 }], events: [{ type: "STEP_START", atMs: 3, stepKey: "x", attempt: 1 }] })); // prettier-ignore
  const refused = batch("own", { claims: [claim("y", "own-y")], completions: [ended("y", "own-y")] });
  await store.commit(refused);
  await Promise.all([
    ...[1, 2, 3, 4, 5, 6].map((ordinal) => store.appendEvents("own", 1, "own-x", [log(ordinal)])),
    store.renewLease("own", 1, 1e15),
    store.commit(refused),
    ...[7, 8, 9].map((ordinal) => store.appendEvents("own", 1, "own-x", [log(ordinal)])),
  ]);
  await store.commit(
    batch("own", {
      completions: [ended("x", "own-x")],
      transitions: [{ stepKey: "y", status: "SKIPPED" }],
      events: [{ type: "STEP_SKIPPED", atMs: 3, stepKey: "y" }, { type: "RUN_SUCCESS", atMs: 3 }], // prettier-ignore
      end: { status: "SUCCESS", atMs: 3 },
    }),
  );
}

const ended = (stepKey: string, attemptId: string) =>
  ({
    stepKey,
    attempt: 1,
    attemptId,
    outcome: "SUCCESS",
    stepStatus: "SUCCESS",
    startedAtMs: 3,
    atMs: 3,
    events: [{ type: "STEP_SUCCESS", atMs: 3, stepKey, attempt: 1 }],
  }) as const;

void main(process.argv[2] ?? "");
