import type { SecretMasker } from "../../src/config/secret-masker.js";
import type { ResourceContext } from "../../src/config/configurable-resource.js";
import type { Clock } from "../../src/base/clock.js";
import type { EventPayload, EventType, NewEvent } from "../../src/model/event.js";
import type { RunStore } from "../../src/storage/run-store.js";
import type { ResolvedDefinitions } from "../scan/bindings.js";
import type { PreparedConfig, PreparedResource } from "./prepare-run.js";
import { guardProcess, NeverSettlesError, StrayError } from "./process-guard.js";
import { LEASE_MS, RunWorker, type ClaimedRun } from "./run-worker.js";
import type { RunOutcome } from "./services.js";
import { stepLog } from "./step-context.js";
import { storedError } from "./stored-error.js";

/** What supervising a run needs of the world. */
export interface Supervision {
  readonly resolved: ResolvedDefinitions;
  readonly store: RunStore;
  readonly clock: Clock;
  readonly storageDir: string;
  readonly concurrency: number;
  readonly cancelGraceMs: number;
  random(): number;
  onEvent?(event: NewEvent): void;
}

/** How often a run looks whether another process asked it to stop, in milliseconds. */
const CANCEL_POLL_MS = 500;

/** Methods that a resource keeps from its users. */
interface Lifecycle {
  setup(context: ResourceContext): Promise<void> | void;
  teardown(): Promise<void> | void;
}

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
  await store.keepLease(run.runId, run.epoch, LEASE_MS);
  const opened: PreparedResource[] = [];
  let worker: RunWorker | undefined;
  const release = guardProcess({
    onIdle: () => worker?.failRunning((step) => new NeverSettlesError(step)),
    onStray: (error) => void tell.now("ENGINE_EVENT", { error: storedError(new StrayError(error)) }),
  });
  const stopped = new AbortController();
  try {
    for (const warning of prepared.warnings) await tell.now("ENGINE_EVENT", { message: warning, level: "warn" });
    const failed = await openResources(prepared, opened, tell, run, stopped.signal);
    if (failed) return await endWithoutSteps(world, run);
    worker = new RunWorker(
      {
        ...world,
        masker,
        resources: {
          get: (token) => prepared.get(token),
          pipeline: (type) => prepared.pipeline(type),
          ioFor: (key) => prepared.ioFor(key),
        },
        configFor: (unit, type) => prepared.configFor(unit, type),
        random: () => world.random(),
        onEvent: (event) => world.onEvent?.(event),
      },
      run,
    );
    void watchForCancel(world, run, worker, stopped.signal);
    return await worker.execute(signal);
  } finally {
    stopped.abort();
    await closeResources(opened, tell, clock);
    release();
    await store.dropLease(run.runId);
  }
}

/** Appends events of the run as a whole, beside those of its steps. */
class RunEvents {
  readonly #world: Supervision;
  readonly #masker: SecretMasker;
  readonly #run: ClaimedRun;

  constructor(world: Supervision, masker: SecretMasker, run: ClaimedRun) {
    this.#world = world;
    this.#masker = masker;
    this.#run = run;
  }

  async now(type: EventType, payload: EventPayload): Promise<void> {
    const event: NewEvent = { type, atMs: this.#world.clock.nowMs(), payload: this.#masker.deep(payload) };
    await this.#world.store.appendEvents(this.#run.runId, this.#run.epoch, undefined, [event]);
    this.#world.onEvent?.(event);
  }
}

async function openResources(
  prepared: PreparedConfig,
  opened: PreparedResource[],
  tell: RunEvents,
  run: ClaimedRun,
  signal: AbortSignal,
): Promise<boolean> {
  const log = stepLog((payload) => void tell.now("LOG", payload));
  for (const resource of prepared.resources) {
    if (!resource.managed || !hasSetup(resource)) {
      opened.push(resource);
      continue;
    }
    await tell.now("RESOURCE_INIT_STARTED", { resource: resource.name });
    try {
      await (resource.instance as unknown as Lifecycle).setup({ runId: run.runId, log, signal });
      opened.push(resource);
      await tell.now("RESOURCE_INIT_SUCCESS", { resource: resource.name });
    } catch (error) {
      await tell.now("RESOURCE_INIT_FAILURE", {
        resource: resource.name,
        message: `Resource ${resource.name} could not be set up.`,
        error: storedError(error),
      });
      return true;
    }
  }
  return false;
}

/** Whether the class has a setup of its own: most have none, and then there is nothing to tell. */
function hasSetup(resource: PreparedResource): boolean {
  for (
    let prototype: unknown = Object.getPrototypeOf(resource.instance);
    prototype !== null && prototype !== undefined;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const own = (prototype as { constructor?: { name?: string } }).constructor?.name;
    if (own === "ConfigurableResource") return false;
    if (Object.prototype.hasOwnProperty.call(prototype, "setup")) return true;
  }
  return false;
}

async function closeResources(opened: readonly PreparedResource[], tell: RunEvents, _clock: Clock): Promise<void> {
  for (const resource of [...opened].reverse()) {
    if (!resource.managed) continue;
    try {
      await (resource.instance as unknown as Lifecycle).teardown();
    } catch (error) {
      await tell.now("RESOURCE_TEARDOWN_FAILURE", {
        resource: resource.name,
        message: `Resource ${resource.name} could not be torn down.`,
        error: storedError(error),
      });
    }
  }
}

async function endWithoutSteps(world: Supervision, run: ClaimedRun): Promise<RunOutcome> {
  const nowMs = world.clock.nowMs();
  const events: NewEvent[] = run.plan.steps.map((step) => ({
    type: "STEP_NOT_RUN",
    atMs: nowMs,
    stepKey: step.key,
    payload: { reason: "a resource" },
  }));
  events.push({ type: "RUN_FAILURE", atMs: nowMs, payload: { reason: "A resource could not be set up." } });
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

/** Another process asks through the store; a commit learns it at once, a quiet run within half a second. */
async function watchForCancel(world: Supervision, run: ClaimedRun, worker: RunWorker, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CANCEL_POLL_MS);
      timer.unref();
      signal.addEventListener(
        "abort",
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
    if (signal.aborted) return;
    const current = await world.store.getRun(run.runId).catch(() => undefined);
    if (current?.cancelRequestedAtMs !== undefined) return worker.cancel();
  }
}
