import { ExecutionError, InternalError, messageOf } from "../../src/base/errors.js";
import { checkId, type AssetKey, type AssetSpec, type CheckSpec, type UnitSpec } from "../../src/model/asset-spec.js";
import type { EventPayload, EventType, NewEvent } from "../../src/model/event.js";
import type { PlannedStep, RunPlan } from "../../src/model/run-plan.js";
import type { RunDivision } from "../../src/planning/run-division.js";
import { RunState } from "../../src/planning/run-state.js";
import type { Completion, Publication, RunBatch } from "../../src/storage/run-store.js";
import type { UpstreamValue } from "./attempt.js";
import { completionOf } from "./attempt-end.js";
import { AttemptsUnderWay, type Claimed, type NextAttempt, type Running } from "./attempts-under-way.js";
import type { AttemptResult } from "./execute-step.js";
import { GivenBySteps } from "./given-by-steps.js";
import { InputVersions } from "./input-versions.js";
import { reusedVersions, type ReusableResults } from "./reusable-results.js";
import type { RunOutcome, RunServices } from "./services.js";
import { runAttempt, type AttemptListener, type AttemptWorld } from "./run-attempt.js";
import { StepReads } from "./step-reads.js";
import { StepCanceledError } from "./user-code-boundary.js";
import { UpstreamValues } from "./upstream-values.js";
import { outsideUserCode } from "./captured-output.js";

/** The run that is to be executed; it has been claimed. */
export interface ClaimedRun {
  readonly runId: string;
  readonly epoch: number;
  readonly plan: RunPlan;
  readonly tags: Readonly<Record<string, string>>;
  /** Hash of every loaded user module and of the lock file. */
  readonly sourceVersion: string;
  /** Assets that the run only reads, with their newest values; partitions are looked up when a step needs them. */
  readonly upstream: ReadonlyMap<AssetKey, UpstreamValue>;
  /** What need not be made again; absent: every step runs. */
  readonly reusable?: ReusableResults;
  readonly division: RunDivision;
}

/** Events that are stored in the transaction that ends the attempt, and nowhere else. */
const AT_THE_END: ReadonlySet<EventType> = new Set([
  "HANDLED_OUTPUT",
  "ASSET_MATERIALIZATION",
  "ASSET_OBSERVATION",
  "ASSET_CHECK_EVALUATION",
]);

/** So many events wait to be written before a child that prints faster than they are is held up. */
const MOST_WAITING = 1_000;

/**
 * Executes a claimed run to its end. It holds nothing that the log does not: each step's end, what follows from it and the claims of
 * the steps that it lets start are one transaction, and several ends share one when they come while the last is being written. While
 * steps are short, some are claimed ahead, so that the next starts at once when one ends; no step starts before its claim is stored.
 */
export class RunWorker {
  readonly #services: RunServices;
  readonly #run: ClaimedRun;
  readonly #state: RunState;
  readonly #specs: ReadonlyMap<AssetKey, AssetSpec>;
  readonly #checks: ReadonlyMap<string, CheckSpec>;
  readonly #units: ReadonlyMap<string, UnitSpec>;
  readonly #values: UpstreamValues;
  readonly #given: GivenBySteps;
  readonly #world: AttemptWorld;
  readonly #attempts: AttemptsUnderWay;
  #publications: (Publication & { resolve(granted: boolean): void })[] = [];
  readonly #retrying = new Map<string, NextAttempt & { readonly controller: AbortController }>();
  readonly #queue: NextAttempt[] = [];
  /** Retries whose wait is over; they are claimed once that is stored. */
  #restarted: NextAttempt[] = [];
  #completions: Completion[] = [];
  #events: NewEvent[] = [];
  #writing = false;
  #scheduled = false;
  #canceled = false;
  #finish!: (outcome: RunOutcome) => void;
  #fail!: (error: unknown) => void;

  constructor(services: RunServices, run: ClaimedRun) {
    this.#services = services;
    this.#run = run;
    this.#state = new RunState(run.plan);
    this.#specs = new Map(services.resolved.catalog.assets.map((spec) => [spec.key, spec]));
    this.#checks = new Map(services.resolved.catalog.checks.map((check) => [checkId(check), check]));
    this.#units = new Map(services.resolved.catalog.units.map((unit) => [unit.id, unit]));
    this.#values = new UpstreamValues(services.store, run.upstream);
    this.#given = new GivenBySteps(run.division, this.#specs, this.#checks);
    this.#world = {
      services,
      runId: run.runId,
      runTags: run.tags,
      sourceVersion: run.sourceVersion,
      specs: this.#specs,
      checks: this.#checks,
      units: this.#units,
      given: this.#given,
      reads: new StepReads(run.division, this.#values),
    };
    this.#attempts = new AttemptsUnderWay(
      services.concurrency,
      () => services.clock.nowMs(),
      (running, start) => {
        this.#state.apply(start);
        this.#start(running);
      },
    );
  }

  /** Runs to the end. Rejects only when the store is lost or the run was taken over. */
  execute(signal?: AbortSignal): Promise<RunOutcome> {
    const onAbort = (): void => this.cancel();
    return new Promise<RunOutcome>((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
      if (signal?.aborted) this.cancel();
      else signal?.addEventListener("abort", onAbort, { once: true });
      this.#begin().catch(reject);
    }).finally(() => signal?.removeEventListener("abort", onAbort));
  }

  /** When it may reuse results, what its steps would read is looked up first. */
  async #begin(): Promise<void> {
    if (this.#run.reusable) {
      const { steps } = this.#run.plan;
      await Promise.all(steps.map((step) => this.#world.reads.learn(step, undefined, this.#world.reads.of(step).needs)));
    }
    this.#hasBegun = true;
    if (this.#over) return;
    this.#follow();
    this.#schedule();
  }
  #hasBegun = false;

  /** Steps that run now, the longest first. */
  runningSteps(): readonly { readonly key: string; readonly sinceMs: number }[] {
    return [...this.#attempts.started()].map((running) => ({ key: running.step.key, sinceMs: running.sinceMs }));
  }

  /** Asks every running step to stop and starts no other. Those that do not stop within the grace period are abandoned. */
  cancel(): void {
    if (this.#canceled) return;
    this.#canceled = true;
    // Stored like a request from outside, and once: the run is CANCELING from now on, also should this process be gone before it has ended.
    const nowMs = this.#services.clock.nowMs();
    this.#services.store.requestCancel(this.#run.runId, nowMs).catch((error: unknown) => this.#fail(error));
    this.#tell([{ type: "RUN_CANCELING", atMs: nowMs }]);
    for (const retry of this.#retrying.values()) retry.controller.abort();
    for (const running of this.#attempts.started()) running.controller.abort(new StepCanceledError(running.step.key));
    for (const running of this.#attempts.dropAhead()) this.#settleCanceled(running);
    this.#schedule();
  }

  /** Ends an attempt that was claimed ahead and will not start. */
  #settleCanceled(running: Running): void {
    this.#settle(running, { thrown: { error: new StepCanceledError(running.step.key) } });
  }

  /** Fails every step that runs, with the same error: nothing is left that could let it end. */
  failRunning(reasonOf: (stepKey: string) => unknown): void {
    for (const running of this.#attempts.started()) running.controller.abort(reasonOf(running.step.key));
  }

  #event(type: EventType, stepKey: string | undefined, payload: EventPayload, more: Partial<NewEvent> = {}): NewEvent {
    const event: NewEvent = {
      type,
      atMs: this.#services.clock.nowMs(),
      ...(stepKey === undefined ? {} : { stepKey }),
      ...more,
      payload: this.#services.masker.deep(payload),
    };
    this.#events.push(event);
    return event;
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    const write = (): void => {
      this.#scheduled = false;
      this.#write().catch((error: unknown) => this.#fail(error));
    };
    outsideUserCode(() => setImmediate(write)); // user code may be what asks for it: a log line, an exit
  }

  /** What follows from the events so far: steps become ready, are reused or passed over, from which more may follow in turn. */
  #follow(): void {
    while (this.#hasBegun) {
      const { ready, passed } = this.#state.advance();
      const toRun = ready.filter((step) => !this.#reuses(step));
      for (const step of toRun) this.#queue.push({ step, number: 1 });
      if (passed.length === 0 && toRun.length === ready.length) return;
      for (const { step, status, cause } of passed) {
        const type = status === "SKIPPED" ? "STEP_SKIPPED" : "STEP_NOT_RUN";
        this.#state.apply(this.#event(type, step.key, { reason: cause }));
        this.#transitions.push({ stepKey: step.key, status });
        if (status === "NOT_RUN") this.#events.push(...this.#missing(step, "UPSTREAM_FAILED_TO_MATERIALIZE"));
      }
    }
  }
  #transitions: { stepKey: string; status: "REUSED" | "SKIPPED" | "NOT_RUN" | "CANCELED" }[] = [];

  /** Lets earlier results stand for a step whose code and inputs are as they were; downstream reads these. */
  #reuses(step: PlannedStep): boolean {
    const inputs = new InputVersions(this.#world.reads.of(step));
    const results = this.#run.reusable?.of(step, inputs);
    if (!results) return false;
    for (const result of results) this.#values.remember(result, result.id);
    this.#state.apply(this.#event("STEP_REUSED", step.key, { reused: reusedVersions(results) }));
    this.#transitions.push({ stepKey: step.key, status: "REUSED" });
    return true;
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    try {
      for (;;) {
        const completions = this.#completions;
        this.#completions = [];
        for (const completion of completions) {
          for (const event of completion.events) this.#state.apply(event);
          this.#remember(completion, []); // what follows asks for the data versions; the ids of the events are known when they are stored
        }
        this.#attempts.reckon(completions);
        if (this.#canceled) this.#cancelWaiting();
        this.#follow();
        const claims = this.#canceled ? [] : this.#claims();
        const ended = this.#state.ended && this.#attempts.size === 0;
        const status = this.#canceled ? "CANCELED" : this.#state.failed ? "FAILURE" : "SUCCESS";
        if (ended) this.#event(status === "SUCCESS" ? "RUN_SUCCESS" : status === "FAILURE" ? "RUN_FAILURE" : "RUN_CANCELED", undefined, {});
        for (const running of this.#attempts.started()) this.#stream(running);
        const events = this.#events;
        const transitions = this.#transitions;
        const restarted = this.#restarted;
        const starts = this.#attempts.takeStarts();
        const publications = this.#publications;
        this.#events = [];
        this.#transitions = [];
        this.#restarted = [];
        this.#publications = [];
        if (completions.length + claims.length + events.length + transitions.length + publications.length === 0) return;
        const nowMs = this.#services.clock.nowMs();
        const batch: RunBatch = {
          runId: this.#run.runId,
          epoch: this.#run.epoch,
          nowMs,
          completions,
          claims: claims.map(({ claim }) => claim),
          transitions,
          starts,
          publications: publications.map(({ attemptId, assetKey, atMs }) => ({ attemptId, assetKey, atMs })),
          events,
          ...(ended ? { end: { status, atMs: nowMs } } : {}),
        };
        const result = await this.#services.store.commit(batch).catch((error: unknown) => {
          for (const { resolve } of publications) resolve(false);
          throw error;
        });
        publications.forEach(({ resolve }, index) => resolve(result.ok && result.granted[index] === true));
        if (!result.ok)
          throw new ExecutionError("RUN.FENCED", `Run ${this.#run.runId} was taken over by another process.`, {
            fix: "Look at it with `millrace runs`; this process has stopped working on it.",
          });
        for (const completion of completions) this.#remember(completion, result.eventIds[completion.attemptId] ?? []);
        this.#makeRoom();
        this.#tell([...completions.flatMap((completion) => completion.events), ...events]);
        for (const claimed of claims) this.#claimed(claimed);
        this.#queue.push(...restarted);
        this.#over = ended;
        if (ended) return this.#finish({ runId: this.#run.runId, status });
        if (result.cancelRequested) this.cancel();
      }
    } finally {
      this.#writing = false;
      this.#makeRoom();
    }
  }
  #over = false;
  #waitingForRoom: (() => void)[] = [];

  #makeRoom(): void {
    for (const go of this.#waitingForRoom.splice(0)) go();
  }

  #eventOf({ step, number }: Running, type: EventType, payload: EventPayload): NewEvent {
    return { type, atMs: this.#services.clock.nowMs(), stepKey: step.key, attempt: number, payload: this.#services.masker.deep(payload) };
  }

  #record(running: Running, event: NewEvent): void {
    if (running.settled) return;
    running.pending.push(event);
    if (!AT_THE_END.has(event.type)) this.#scheduleSoon();
  }

  /** A line that something prints: the step's while its attempt is under way, then the run's, then nobody's. */
  #line(running: Running, stream: "stdout" | "stderr", message: string): Promise<void> | undefined {
    if (this.#over) return undefined;
    if (running.settled) this.#event("OUTPUT", undefined, { stream, message });
    else running.pending.push(this.#eventOf(running, "OUTPUT", { stream, message }));
    this.#scheduleSoon();
    if (this.#events.length + running.pending.length < MOST_WAITING) return undefined;
    this.#schedule();
    return new Promise((resolve) => this.#waitingForRoom.push(resolve));
  }

  #tell(events: readonly NewEvent[]): void {
    if (this.#services.onEvent) for (const event of events) this.#services.onEvent(event);
  }

  /** The newest value of each asset that this completion materialized, for the steps that come after it. */
  #remember(completion: Completion, ids: readonly { readonly id: number }[]): void {
    let told = 0; // ids stand in the order of the events that have one
    for (const event of completion.events) {
      if (event.assetKey === undefined || (event.type !== "ASSET_MATERIALIZATION" && event.type !== "ASSET_OBSERVATION")) continue;
      this.#values.remember(event, ids[told++]?.id);
    }
  }

  #claims(): readonly Claimed[] {
    const claims = this.#attempts.claim(this.#queue);
    for (const { claim } of claims) if (!claim.ahead) this.#state.apply({ type: "STEP_START", stepKey: claim.stepKey });
    return claims;
  }

  /** The claim is stored: the attempt starts, or as soon as another has ended. */
  #claimed({ running, claim }: Claimed): void {
    if (claim.ahead) return this.#canceled ? this.#settleCanceled(running) : this.#attempts.startLater(running);
    this.#tell([{ type: "STEP_START", atMs: claim.nowMs, stepKey: claim.stepKey, attempt: claim.attempt }]);
    this.#start(running);
  }

  /** What a step that does not run was to materialize. */
  #missing(step: PlannedStep, reason: string): NewEvent[] {
    return this.#given.missing(step, { atMs: this.#services.clock.nowMs() }, reason);
  }

  #cancelWaiting(): void {
    this.#queue.length = 0;
    for (const step of this.#state.stepsIn("WAITING", "READY", "UP_FOR_RETRY")) {
      this.#state.apply(this.#event("STEP_CANCELED", step.key, {}));
      this.#transitions.push({ stepKey: step.key, status: "CANCELED" });
      this.#events.push(...this.#missing(step, "RUN_TERMINATED"));
    }
  }

  #start(running: Running): void {
    if (this.#canceled) running.controller.abort(new StepCanceledError(running.step.key));
    void runAttempt(this.#world, running, this.#listenerOf(running))
      .catch((error: unknown): AttemptResult => ({ thrown: { error: new InternalError(messageOf(error), { cause: error }) } }))
      .then((result) => this.#settle(running, result));
  }

  #listenerOf(running: Running): AttemptListener {
    return {
      eventOf: (type, payload) => this.#eventOf(running, type, payload),
      record: (event) => this.#record(running, event),
      line: (stream, message) => this.#line(running, stream, message),
      mayPublish: (key, isLast) => this.#mayPublish(running, key, isLast),
    };
  }

  /** Asks the store for the right to publish; it is asked with the next batch. */
  #mayPublish(running: Running, assetKey: AssetKey, isLast: boolean): Promise<boolean> {
    if (running.settled) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#publications.push({ attemptId: running.attemptId, assetKey, atMs: this.#services.clock.nowMs(), resolve });
      if (isLast) this.#attempts.countNoMore(running);
      this.#schedule();
    });
  }

  /** Moves what need not wait for the attempt's end to what is stored next. */
  #stream(running: Running): void {
    if (running.pending.length === 0) return;
    this.#events.push(...running.pending.filter((event) => !AT_THE_END.has(event.type)));
    running.pending = running.pending.filter((event) => AT_THE_END.has(event.type));
  }

  #scheduleSoon(): void {
    if (this.#soon !== undefined) return;
    const soon = (): void => {
      this.#soon = undefined;
      this.#schedule();
    };
    this.#soon = outsideUserCode(() => setTimeout(soon, 50)).unref();
  }
  #soon: NodeJS.Timeout | undefined;

  #settle(running: Running, result: AttemptResult): void {
    this.#attempts.end(running);
    const ending = { running, unit: this.#units.get(running.step.unit), given: this.#given, canceled: this.#canceled };
    const completion = completionOf(this.#services, ending, result);
    this.#completions.push(completion);
    if (completion.outcome === "RETRY") this.#retryLater(running, completion);
    this.#attempts.countNoMore(running);
    this.#schedule();
  }

  #retryLater(running: Running, completion: Completion): void {
    const controller = new AbortController();
    const waitMs = completion.events.at(-1)?.payload?.waitMs ?? 0;
    const retry = { step: running.step, number: running.number + 1, controller };
    this.#retrying.set(running.step.key, retry);
    void this.#services.clock.sleep(waitMs, controller.signal).then(() => {
      this.#retrying.delete(running.step.key);
      if (this.#canceled) return;
      this.#event("STEP_RESTARTED", running.step.key, {}, { attempt: retry.number });
      this.#restarted.push({ step: retry.step, number: retry.number });
      this.#schedule();
    });
  }
}
