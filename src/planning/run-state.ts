import type { EventType } from "../model/event.js";
import { isFinalStep, type StepStatus } from "../model/run.js";
import type { PlannedStep, RunPlan, StepEdge } from "../model/run-plan.js";

/** What the fold reads of an event. */
export interface FoldedEvent {
  readonly type: EventType;
  readonly stepKey?: string;
  readonly assetKey?: string;
}

/** A step that will not run, and the step because of which. */
export interface Passed {
  readonly step: PlannedStep;
  readonly status: "SKIPPED" | "NOT_RUN";
  readonly cause: string;
}

/** What follows from the events so far. */
export interface Advance {
  /** Steps whose last input is there, in the order of the plan. */
  readonly ready: readonly PlannedStep[];
  /** Steps that an omission or a failure passes over. */
  readonly passed: readonly Passed[];
}

const STATUS_AFTER: Partial<Record<EventType, StepStatus>> = {
  STEP_START: "RUNNING",
  STEP_UP_FOR_RETRY: "UP_FOR_RETRY",
  STEP_SUCCESS: "SUCCESS",
  STEP_REUSED: "REUSED",
  STEP_FAILURE: "FAILURE",
  STEP_SKIPPED: "SKIPPED",
  STEP_NOT_RUN: "NOT_RUN",
  STEP_CANCELED: "CANCELED",
};

interface Node {
  readonly step: PlannedStep;
  status: StepStatus;
  /** Upstream steps that have not ended. */
  waits: number;
  readonly given: Set<string>;
  readonly dependents: Node[];
}

/**
 * The state of a run as a fold over its events: no coordinator holds anything that the log does not.
 * `apply` takes an event; `advance` tells what follows from all of them. Folding one by one and folding the whole log give the same.
 * @remarks O(1) an event, O(edges of what ended) an advance.
 */
export class RunState {
  readonly #nodes = new Map<string, Node>();
  readonly #order = new Map<string, number>();
  #touched: Node[] = [];
  #open: number;
  #failures = 0;

  constructor(plan: RunPlan) {
    plan.steps.forEach((step, index) => {
      const upstream = new Set(step.after.map((edge) => edge.step));
      this.#nodes.set(step.key, { step, status: "WAITING", waits: upstream.size, given: new Set(), dependents: [] });
      this.#order.set(step.key, index);
    });
    for (const node of this.#nodes.values()) {
      for (const upstream of new Set(node.step.after.map((edge) => edge.step))) this.#nodes.get(upstream)?.dependents.push(node);
      this.#touched.push(node);
    }
    this.#open = plan.steps.length;
  }

  /** Whether every step has ended. */
  get ended(): boolean {
    return this.#open === 0;
  }

  /** Whether a step failed (or was not run because of one). */
  get failed(): boolean {
    return this.#failures > 0;
  }

  statusOf(stepKey: string): StepStatus {
    return this.#nodes.get(stepKey)?.status ?? "WAITING";
  }

  /** Steps in this state, in the order of the plan. */
  stepsIn(...statuses: readonly StepStatus[]): PlannedStep[] {
    return [...this.#nodes.values()].filter((node) => statuses.includes(node.status)).map((node) => node.step);
  }

  /** The assets that the step's attempts gave so far, or that are reused. */
  givenBy(stepKey: string): ReadonlySet<string> {
    return this.#nodes.get(stepKey)?.given ?? new Set();
  }

  apply(event: FoldedEvent): void {
    const node = event.stepKey === undefined ? undefined : this.#nodes.get(event.stepKey);
    if (!node) return;
    if ((event.type === "ASSET_MATERIALIZATION" || event.type === "ASSET_OBSERVATION") && event.assetKey !== undefined)
      node.given.add(event.assetKey);
    const status = STATUS_AFTER[event.type];
    if (status === undefined || isFinalStep(node.status)) return;
    node.status = status;
    if (status === "REUSED") for (const key of node.step.assets) node.given.add(key);
    if (!isFinalStep(status)) return;
    this.#open -= 1;
    if (status === "FAILURE") this.#failures += 1;
    for (const dependent of node.dependents) {
      dependent.waits -= 1;
      this.#touched.push(dependent);
    }
  }

  /** What follows now; each step is told as ready once. The steps passed over must come back as events before what hangs on them follows. */
  advance(): Advance {
    const touched = new Set(this.#touched);
    this.#touched = [];
    const ready: PlannedStep[] = [];
    const passed: Passed[] = [];
    for (const node of touched) {
      if (node.status !== "WAITING") continue;
      const verdict = this.#verdict(node);
      if (verdict === "ready") {
        node.status = "READY";
        ready.push(node.step);
      } else if (verdict) passed.push(verdict);
    }
    ready.sort((a, b) => (this.#order.get(a.key) ?? 0) - (this.#order.get(b.key) ?? 0));
    return { ready, passed };
  }

  /** Told when all upstream has ended, so that it does not hang on which ended first: an omission has the first word, then a failure. */
  #verdict(node: Node): "ready" | Passed | undefined {
    if (node.waits > 0) return undefined;
    let forbids: StepEdge | undefined;
    for (const edge of node.step.after) {
      const upstream = this.#nodes.get(edge.step);
      if (upstream === undefined || lets(edge, upstream)) continue;
      if (upstream.status === "SUCCESS" || upstream.status === "REUSED" || upstream.status === "SKIPPED" || edge.when === "failure")
        return { step: node.step, status: "SKIPPED", cause: edge.step };
      forbids ??= edge;
    }
    return forbids ? { step: node.step, status: "NOT_RUN", cause: forbids.step } : "ready";
  }
}

function lets(edge: StepEdge, upstream: Node): boolean {
  if (edge.when === "always") return true;
  if (edge.when === "failure") return upstream.status === "FAILURE" || upstream.status === "NOT_RUN";
  return (upstream.status === "SUCCESS" || upstream.status === "REUSED") && (edge.asset === undefined || upstream.given.has(edge.asset));
}
