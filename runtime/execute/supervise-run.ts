import { setTimeout as pause } from "node:timers/promises";
import type { SecretMasker } from "../../src/config/secret-masker.js";
import type { Clock } from "../../src/base/clock.js";
import type { NewEvent } from "../../src/model/event.js";
import type { Fsync } from "../../src/storage/run-store.js";
import type { Store } from "../../src/storage/store.js";
import { isCurrentIn, sweepStorage } from "../instance/sweep-storage.js";
import type { ResolvedDefinitions } from "../scan/bindings.js";
import type { PreparedConfig } from "./prepare-run.js";
import { guarded, NeverSettlesError, type GuardedRun } from "./process-guard.js";
import { RunEvents } from "./run-events.js";
import { RunResources } from "./run-resources.js";
import { LEASE_MS } from "./lease.js";
import { RunWorker, type ClaimedRun } from "./run-worker.js";
import type { RunOutcome, RunServices } from "./services.js";
import { storedError } from "./stored-error.js";

/** What supervising a run needs of the world. */
export interface Supervision {
  readonly resolved: ResolvedDefinitions;
  readonly store: Store;
  readonly clock: Clock;
  readonly storageDir: string;
  /** What the store flushes. */
  readonly fsync: Fsync;
  readonly concurrency: number;
  readonly cancelGraceMs: number;
  random(): number;
  onEvent?(event: NewEvent): void;
}

/** How often a run looks whether another process asked it to stop, in milliseconds. */
const CANCEL_POLL_MS = 500;

/** Takes a claimed run from the setup of its resources to their teardown; whatever happens between, what was set up is torn down. */
export async function superviseRun(
  world: Supervision,
  prepared: PreparedConfig,
  masker: SecretMasker,
  run: ClaimedRun,
  signal?: AbortSignal,
): Promise<RunOutcome> {
  const { store, clock } = world;
  const tell = new RunEvents(world, masker, run);
  store.keepLease(run.runId, run.epoch, LEASE_MS).catch(() => undefined); // not waited for: of a store that is lost the next commit tells
  const resources = new RunResources({ runId: run.runId, clock, masker, tell, cancelGraceMs: world.cancelGraceMs });
  const stopped = new AbortController();
  let worker: RunWorker | undefined;
  let abandoned = false;
  const work = async (): Promise<RunOutcome> => {
    for (const warning of prepared.warnings) await tell.now("ENGINE_EVENT", { message: warning, level: "warn" });
    const failed = await resources.open(prepared.resources, signal ?? stopped.signal);
    if (failed) return endWithoutSteps(world, run, failed.name);
    const services = servicesOf(world, prepared, masker);
    const onEvent = (event: NewEvent): void => {
      abandoned ||= event.type === "ATTEMPT_ABANDONED";
      world.onEvent?.(event);
    };
    worker = new RunWorker({ ...services, onEvent }, run);
    void watchForCancel(world, run, worker, stopped.signal);
    const outcome = await worker.execute(signal);
    if (outcome.status === "SUCCESS") await sweepManagers({ world, prepared, run, tell }); // where a place is down, this run does not wait for it again
    return outcome;
  };
  const guard: GuardedRun = {
    onIdle: () => worker?.failRunning((step) => new NeverSettlesError(step)),
    onStray: (error) => tell.soon("ENGINE_EVENT", { error: storedError(error) }),
  };
  try {
    return await guarded(guard, () =>
      work().finally(() => {
        stopped.abort();
        return resources.close();
      }),
    );
  } finally {
    store.dropLease(run.runId).catch(() => undefined);
    await tell.flushed();
    // Every other attempt has discarded its own; so most runs walk through nothing.
    if (abandoned) await sweepStorage(store, world.storageDir);
  }
}

function servicesOf(world: Supervision, prepared: PreparedConfig, masker: SecretMasker): Omit<RunServices, "onEvent"> {
  return {
    ...world,
    masker,
    resources: {
      get: (token) => prepared.get(token),
      pipeline: (type) => prepared.pipeline(type),
      ioFor: (key) => prepared.ioFor(key),
    },
    configFor: (unit, type) => prepared.configFor(unit, type),
    random: () => world.random(),
  };
}

async function endWithoutSteps(world: Supervision, run: ClaimedRun, resource: string): Promise<RunOutcome> {
  const nowMs = world.clock.nowMs();
  const observed = new Set(world.resolved.catalog.assets.filter(({ observable }) => observable).map(({ key }) => key));
  const events = run.plan.steps.flatMap((step): NewEvent[] => [
    { type: "STEP_NOT_RUN", atMs: nowMs, stepKey: step.key, payload: { reason: `resource ${resource}` } },
    ...step.assets
      .filter((key) => !observed.has(key))
      .map((assetKey): NewEvent => {
        return { type: "ASSET_FAILED_TO_MATERIALIZE", atMs: nowMs, stepKey: step.key, assetKey, payload: { reason: "RESOURCE_FAILED" } };
      }),
  ]);
  events.push({ type: "RUN_FAILURE", atMs: nowMs, payload: { reason: `Resource ${resource} could not be set up.` } });
  await world.store.commit({
    runId: run.runId,
    epoch: run.epoch,
    nowMs,
    completions: [],
    claims: [],
    transitions: run.plan.steps.map((step) => ({ stepKey: step.key, status: "NOT_RUN" })),
    events,
    end: { status: "FAILURE", atMs: nowMs },
  });
  for (const event of events) world.onEvent?.(event);
  return { runId: run.runId, status: "FAILURE" };
}

/** What killed processes left where their managers keep values. Most keep none outside of the instance's folder, and are not asked. */
async function sweepManagers(of: { world: Supervision; prepared: PreparedConfig; run: ClaimedRun; tell: RunEvents }): Promise<void> {
  const managers = new Set(of.run.plan.steps.flatMap(({ assets }) => assets.map((key) => of.prepared.ioFor(key))));
  for (const manager of managers) {
    try {
      await manager.sweep?.(isCurrentIn(of.world.store));
    } catch (error) {
      const message = `${manager.constructor.name} could not remove what killed processes left unpublished.`;
      of.tell.soon("ENGINE_EVENT", { message, level: "warn", error: storedError(error) });
    }
  }
}

/** Another process asks through the store; a commit learns it at once, a quiet run within half a second. */
async function watchForCancel(world: Supervision, run: ClaimedRun, worker: RunWorker, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const turn = new AbortController();
    const over = AbortSignal.any([signal, turn.signal]);
    const waited = pause(CANCEL_POLL_MS, undefined, { signal: over, ref: false }).catch(() => undefined);
    await Promise.race([waited, world.store.changed(run.runId, over)]);
    turn.abort();
    if (!signal.aborted && (await world.store.cancelRequested(run.runId).catch(() => false))) return worker.cancel();
  }
}
