import { setMaxListeners } from "node:events";
import { InternalError, StoreError, messageOf } from "../../src/base/errors.js";
import type { RunConfigInput } from "../../src/config/run-config.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import type { RunPlan } from "../../src/model/run-plan.js";
import type { BackfillPlanner } from "../../src/planning/backfill/backfill-planner.js";
import { partitionsOf } from "../../src/planning/backfill/backfill-progress.js";
import type { BackfillRun } from "../../src/planning/backfill/run-groups.js";
import { RunQueue } from "../../src/planning/backfill/run-queue.js";
import { planRun } from "../../src/planning/plan-run.js";
import { runPartitions } from "../../src/planning/run-partitions.js";
import type { BackfillRecord, BackfillVerdict } from "../../src/storage/backfill-store.js";
import { mostFailures, storedConduct, type BackfillConduct } from "./backfill-options.js";
import { BackfillRunOutcome } from "./backfill-run-outcome.js";
import type { RunReport, Session } from "./session.js";

/** What a driver begins with. */
export interface BackfillState {
  readonly record: BackfillRecord;
  /** In which this process drives it; every write carries it. */
  readonly epoch: number;
  readonly planner: BackfillPlanner;
  /** Ids of the checks that run with their assets. */
  readonly checks: readonly string[];
  /** Ids of the checks that hold back what is made from their assets. */
  readonly blocking: ReadonlySet<string>;
  /** Of each of its runs. */
  readonly config: RunConfigInput;
  /** Runs that failed before and count towards the limit. */
  readonly failures: number;
}

/** How a backfill is gone on with. */
export interface BackfillResumption extends BackfillWatch {
  /** That of the backfill once more: only needed where it held secrets, which are not stored. */
  readonly config?: RunConfigInput;
}

/** How a run of a backfill went. */
export interface BackfillRunReport extends RunReport {
  /** Assets that were not made, because earlier results stand for them. */
  readonly reused: readonly AssetKey[];
}

/** Who watches a backfill, and who stops it. */
export interface BackfillWatch {
  /** Pauses the backfill: its running runs are canceled, and made again when it is resumed. */
  readonly signal?: AbortSignal;
  onRunStart?(run: BackfillRun, runId: string): void;
  onRunEnd?(run: BackfillRun, report: BackfillRunReport): void;
}

const UNDIVIDED = IndexSet.range(0, 1);

/** Backfills come after what a schedule asks for, unless their tags say otherwise. */
const PRIORITY = "-10";

/**
 * Takes a running backfill to its end, in this process. What it does next follows from the end of a run, never from the time. It holds nothing that
 * the store does not: a run is made in one transaction that also counts it as asked for, under a key that there is once, and only while the backfill
 * is this process's.
 */
export class BackfillDriver {
  readonly #session: Session;
  readonly #state: BackfillState;
  readonly #watch: BackfillWatch;
  readonly #conduct: BackfillConduct;
  readonly #queue: RunQueue;
  readonly #plans = new Map<string, RunPlan>();
  readonly #stopped = new AbortController();
  #running = 0;
  #failures: number;
  /** No more runs are asked for: the store refuses them, something broke, or enough failed. */
  #isOver = false;
  #error: Error | undefined;
  #end: () => void = () => undefined;

  constructor(session: Session, state: BackfillState, watch: BackfillWatch = {}) {
    this.#session = session;
    this.#state = state;
    this.#watch = watch;
    this.#conduct = storedConduct(state.record.options);
    this.#queue = new RunQueue(state.planner.graph, this.#conduct.order);
    this.#failures = state.failures;
    setMaxListeners(0, this.#stopped.signal); // each run that is under way listens
  }

  /** Resolves when no run is under way and none will be asked for: the backfill has ended, is paused, or was canceled. */
  async drive(): Promise<BackfillRecord> {
    const onAbort = (): void => this.#stopped.abort();
    if (this.#watch.signal?.aborted) onAbort();
    this.#watch.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      this.#queue.add(this.#state.planner.next());
      await new Promise<void>((resolve) => {
        this.#end = resolve;
        this.#fill();
      });
    } finally {
      this.#watch.signal?.removeEventListener("abort", onAbort);
    }
    return this.#conclude();
  }

  #fill(): void {
    while (this.#running < this.#conduct.maxConcurrentRuns && !this.#mayNotStart()) {
      const run = this.#queue.take();
      if (!run) break;
      this.#running += 1;
      void this.#run(run)
        .catch((error: unknown) => this.#broke(error))
        .then(() => {
          this.#running -= 1;
          this.#fill();
        });
    }
    if (this.#running === 0) this.#end();
  }

  #mayNotStart(): boolean {
    return this.#isOver || this.#stopped.signal.aborted || this.#failures >= mostFailures(this.#conduct);
  }

  async #run(run: BackfillRun): Promise<void> {
    const { record, epoch, planner, config } = this.#state;
    const plan = this.#planOf(run);
    const outcome = new BackfillRunOutcome({
      plan,
      partitions: run.partitions ?? UNDIVIDED,
      indexOf: (key, partition) => planner.graph.space(key)?.indexOf(partition),
      isBlocking: (id) => this.#state.blocking.has(id),
    });
    const what = JSON.stringify([[...run.assets].sort(), plan.partitions?.ranges ?? null]);
    const report = await this.#session.launch(
      {
        plan,
        selection: this.#conduct.selection,
        reuse: this.#conduct.reuse === true,
        backfill: { id: record.id, epoch },
        runKey: `backfill ${record.id} ${what} #${epoch}`,
      },
      {
        config,
        tags: { "millrace/priority": PRIORITY, ...record.tags, "millrace/backfill": record.id },
        signal: this.#stopped.signal,
        onPlan: (_, runId) => this.#watch.onRunStart?.(run, runId),
        onEvent: (event) => outcome.add(event),
      },
    );
    if (report.status === "FAILURE") this.#failures += 1;
    planner.ended(run, (key) => outcome.made(key));
    this.#queue.add(planner.next());
    this.#watch.onRunEnd?.(run, { ...report, reused: outcome.reused });
  }

  /** Plans of the same assets differ in their partitions only. */
  #planOf({ assets, partitions }: BackfillRun): RunPlan {
    const space = this.#state.planner.graph.space(assets[0] ?? "");
    const divided = space && partitions ? runPartitions(space, partitions) : undefined;
    const name = assets.join("\n");
    let plan = this.#plans.get(name);
    if (!plan) {
      const checks = this.#state.checks.filter((id) => assets.includes(id.slice(0, id.lastIndexOf("#"))));
      this.#plans.set(name, (plan = planRun(this.#session.resolved.catalog, { assets, checks }, divided)));
    }
    return divided ? { ...plan, partitions: divided } : plan;
  }

  #broke(error: unknown): void {
    this.#isOver = true;
    if (error instanceof StoreError && error.code === "STORE.BACKFILL_NOT_RUNNING") return; // paused or canceled from elsewhere
    this.#error ??= error instanceof Error ? error : new InternalError(messageOf(error), { cause: error });
  }

  async #conclude(): Promise<BackfillRecord> {
    const { store } = this.#session;
    const { record, epoch } = this.#state;
    await store.releaseBackfill(record.id, epoch, this.#verdict());
    if (this.#error !== undefined) throw this.#error;
    return (await store.getBackfill(record.id)) ?? record;
  }

  #verdict(): BackfillVerdict {
    const atMs = this.#session.clock.nowMs();
    const { target, materialized } = this.#state.planner.progress;
    const left = [...target].reduce((sum, [key, set]) => sum + set.difference(partitionsOf(materialized, key)).size, 0);
    if (left === 0) return { status: "SUCCESS", atMs };
    if (this.#error !== undefined) return { status: "FAILURE", atMs, error: messageOf(this.#error) };
    if (this.#failures >= mostFailures(this.#conduct))
      return {
        status: "FAILURE",
        atMs,
        error: `It stopped after ${counted(this.#failures, "failed run")}, as asked; ${counted(left, "partition")} ${left === 1 ? "is" : "are"} left.`,
      };
    if (this.#stopped.signal.aborted || this.#isOver) return { status: "PAUSED", atMs };
    return { status: "FAILURE", atMs, error: notMade(left) };
  }
}

function notMade(left: number): string {
  return left === 1
    ? "1 partition was not made: it failed, a blocking check of it did, or it needs one that did."
    : `${left} partitions were not made: they failed, a blocking check of them did, or they need some that did.`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
