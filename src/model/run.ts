import type { Json } from "../base/canonical-json.js";

/** The states of a run; the last three are final. */
export const RUN_STATUSES = ["QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING", "SUCCESS", "FAILURE", "CANCELED"] as const;
/** One of {@link RUN_STATUSES}. */
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Whether a run in this state will never change again. */
export function isFinal(status: RunStatus): boolean {
  return status === "SUCCESS" || status === "FAILURE" || status === "CANCELED";
}

/** The states of a step. WAITING: something it needs has not ended. NOT_RUN: something it needs failed. REUSED: an earlier result stands for it. */
export const STEP_STATUSES = [
  "WAITING",
  "READY",
  "RUNNING",
  "UP_FOR_RETRY",
  "SUCCESS",
  "REUSED",
  "FAILURE",
  "SKIPPED",
  "NOT_RUN",
  "CANCELED",
] as const;
/** One of {@link STEP_STATUSES}. */
export type StepStatus = (typeof STEP_STATUSES)[number];

/** Whether a step in this state will never change again within its run. */
export function isFinalStep(status: StepStatus): boolean {
  return FINAL_STEPS.has(status);
}
const FINAL_STEPS: ReadonlySet<StepStatus> = new Set<StepStatus>(["SUCCESS", "REUSED", "FAILURE", "SKIPPED", "NOT_RUN", "CANCELED"]);

/** How an attempt ended. LOST: its process is gone. ABANDONED: it ignored its abort past the grace period. */
export type AttemptOutcome = "SUCCESS" | "FAILURE" | "RETRY" | "CANCELED" | "LOST" | "ABANDONED";

/** A run as the store tells it. */
export interface RunRecord {
  readonly id: string;
  readonly status: RunStatus;
  readonly tags: Readonly<Record<string, string>>;
  /** The selection as it was asked for. */
  readonly selection: string;
  /** Hash of every loaded user module and of the lock file. */
  readonly codeVersion: string;
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly parentRunId?: string;
  readonly rootRunId?: string;
  /** The backfill that asked for it. */
  readonly backfillId?: string;
  /** Fencing token of the run's owner: every append carries it. */
  readonly epoch: number;
  readonly cancelRequestedAtMs?: number;
  /** The run plan, as made by `planRun`. */
  readonly plan: Json;
  /** Run configuration with secrets masked. */
  readonly config: Json;
  readonly stepCounts: Readonly<Partial<Record<StepStatus, number>>>;
}

/** A step of a run as the store tells it. */
export interface StepRecord {
  readonly runId: string;
  readonly key: string;
  readonly status: StepStatus;
  /** Number of the current attempt; 0 before the first. */
  readonly attempt: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
}
