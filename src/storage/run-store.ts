import type { Json } from "../base/canonical-json.js";
import type { AssetKey } from "../model/asset-spec.js";
import type { EventRecord, EventType, NewEvent } from "../model/event.js";
import type { PartitionSet } from "../model/partitions/partition-layout.js";
import type { AttemptOutcome, RunRecord, RunStatus, StepRecord, StepStatus } from "../model/run.js";

/** A run to be created, with its steps and the events that say what is planned. */
export interface NewRun {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly selection: string;
  readonly codeVersion: string;
  readonly createdAtMs: number;
  readonly parentRunId?: string;
  readonly rootRunId?: string;
  readonly plan: Json;
  readonly config: Json;
  readonly steps: readonly { readonly key: string; readonly assets: readonly AssetKey[] }[];
  readonly events: readonly NewEvent[];
  /** At most one run per key, for ever: what fires twice makes one run. */
  readonly runKey?: string;
  readonly status: "NOT_STARTED" | "QUEUED";
  /** Claims the run in the transaction that creates it, at `createdAtMs`: no run is left waiting for a process that died between the two. */
  readonly claimedBy?: { readonly owner: Owner; readonly leaseMs: number };
  /** The partitions of its divided assets, which are these. Events of theirs that name no partition are about all of them. */
  readonly partitions?: PartitionSet & { readonly assets: readonly AssetKey[] };
  /**
   * The backfill that asks for it, with the epoch of its driver; refused with `STORE.BACKFILL_NOT_RUNNING` unless that is RUNNING, and with
   * `STORE.BACKFILL_FENCED` when another process drives it.
   */
  readonly backfill?: { readonly id: string; readonly epoch: number };
}

/** The process that works on a run; `processStartedAt` and `bootId` tell it from a later one with the same pid. */
export interface Owner {
  readonly pid: number;
  readonly processStartedAt: string;
  readonly bootId: string;
  readonly host: string;
  /** The namespace that the pid is counted in; absent where the system has none. Another one's processes cannot be looked at. */
  readonly pidNamespace?: string;
}

/** The right to run a step. `attempt` is one more than the step's last. */
export interface Claim {
  readonly stepKey: string;
  readonly attempt: number;
  readonly attemptId: string;
  readonly nowMs: number;
  readonly leaseUntilMs: number;
  /** Its user code does not start with this batch: the step is READY, until a {@link Start} or its end. */
  readonly ahead?: boolean;
}

/** A step that was claimed ahead and runs now; its STEP_START is one of the batch's events. */
export interface Start {
  readonly stepKey: string;
  readonly attempt: number;
  readonly atMs: number;
}

/** An attempt asks whether it may publish what it stored for an asset. */
export interface Publication {
  readonly attemptId: string;
  readonly assetKey: AssetKey;
  readonly atMs: number;
}

/** The end of an attempt; its terminal events are stored here and nowhere else. */
export interface Completion {
  readonly stepKey: string;
  readonly attempt: number;
  readonly attemptId: string;
  readonly outcome: AttemptOutcome;
  readonly stepStatus: StepStatus;
  readonly events: readonly NewEvent[];
  readonly startedAtMs: number;
  readonly atMs: number;
}

/** What is stored together or not at all: completions first, then transitions, starts, claims, events, publications and the run's end. */
export interface RunBatch {
  readonly runId: string;
  readonly epoch: number;
  readonly nowMs: number;
  readonly completions: readonly Completion[];
  readonly claims: readonly Claim[];
  /** Of steps that are not claimed; a step that has ended is left as it is. */
  readonly transitions: readonly { readonly stepKey: string; readonly status: StepStatus }[];
  readonly starts?: readonly Start[];
  /** Each that is granted leaves a PUBLISH event; one of an attempt that is no longer current is refused, and nothing else with it. */
  readonly publications?: readonly Publication[];
  readonly events: readonly NewEvent[];
  /** Sets the status only; the event that tells it is one of `events`. */
  readonly end?: { readonly status: RunStatus; readonly atMs: number };
}

/** The id that an event was given. */
export interface StoredEventId {
  readonly type: EventType;
  readonly assetKey: AssetKey;
  /** Key of its partition. */
  readonly partition?: string;
  readonly id: number;
}

/** Either all of the batch is stored, or nothing of it. */
export type CommitResult =
  | {
      readonly ok: true;
      /** By attempt id: its materializations and observations. */
      readonly eventIds: Readonly<Record<string, readonly StoredEventId[]>>;
      /** Of each publication, in their order, whether it may be done. */
      readonly granted: readonly boolean[];
      readonly cancelRequested: boolean;
    }
  | {
      readonly ok: false;
      /** Attempts that are no longer current, or could not be claimed. */
      readonly fenced: readonly string[];
      /** The run has no owner, another owner, or has ended. */
      readonly epochLost: boolean;
    };

/** The newest of each kind of event of an asset; a kind that never happened is absent. */
export interface LatestMaterialization {
  readonly assetKey: AssetKey;
  readonly materialization?: EventRecord;
  readonly observation?: EventRecord;
  readonly failure?: EventRecord;
  /** By name of the check. */
  readonly checks: Readonly<Record<string, EventRecord>>;
  /** The last run that planned it. */
  readonly lastRunId?: string;
}

/** A run that has an owner and has not ended. */
export interface OwnedRun {
  readonly runId: string;
  readonly status: RunStatus;
  readonly epoch: number;
  readonly owner: Owner;
  readonly leaseUntilMs: number;
}

/** Why a run is taken from its owner. */
export interface RepairVerdict {
  readonly reason: string;
  /** Leaves the run alone when its lease is live by `nowMs`: for an owner that cannot be looked at. */
  readonly onlyIfLapsed?: boolean;
  /** Leaves the run alone while somebody else writes it, perhaps to repair it too: for one who has others to repair and comes back. */
  readonly skipLocked?: boolean;
}

/** Which runs are listed. */
export interface RunFilter {
  readonly statuses?: readonly RunStatus[];
  readonly tag?: { readonly key: string; readonly value: string };
  readonly backfillId?: string;
  /** Only runs created before this one. */
  readonly beforeId?: string;
  /** Only runs created after this one. */
  readonly afterId?: string;
  /** Only runs created at this time or later, in ms. */
  readonly fromMs?: number;
  /** Only runs created before this time, in ms. */
  readonly toMs?: number;
  readonly limit: number;
}

/** Which events of an asset are read. */
export interface AssetEventQuery {
  readonly assetKey: AssetKey;
  /** Only of the partition with this key. */
  readonly partition?: string;
  readonly beforeId?: number;
  readonly limit: number;
}

/** What a store tells of itself. */
export interface StoreInfo {
  readonly schemaVersion: number;
  readonly path: string;
  readonly fsync: Fsync;
}

/** FULL: what was acknowledged survives power loss. NORMAL: faster; power loss forgets the last commits, a killed process does not. */
export type Fsync = "FULL" | "NORMAL";

/**
 * Runs, their steps, attempts and events. Every method is one transaction.
 * @remarks Each rejects with a {@link StoreError} when the store cannot be read or written.
 */
export interface RunStore {
  /** @throws {@link StoreError} `STORE.DUPLICATE_RUN` when the id or the run key is taken. */
  createRun(run: NewRun): Promise<RunRecord>;
  /** The new epoch, or `undefined` when the run is not there, has ended, or another owner was first. */
  claimRun(runId: string, owner: Owner, nowMs: number, leaseMs: number): Promise<number | undefined>;
  commit(batch: RunBatch): Promise<CommitResult>;
  /**
   * Streams events that end nothing. An ordinal is stored once per attempt; ignored when epoch or attempt is not current.
   * When the run has ended, its owner may still tell what {@link AFTER_THE_END} names, and nothing else.
   */
  appendEvents(
    runId: string,
    epoch: number,
    attemptId: string | undefined,
    events: readonly (NewEvent & { readonly ordinal?: number })[],
  ): Promise<void>;
  /** A run that has no owner is canceled at once, another learns it. The status afterwards; `undefined`: no such run. */
  requestCancel(runId: string, nowMs: number): Promise<RunStatus | undefined>;
  /** Whether someone asked the run to stop; of its row alone, so that it may be asked often. */
  cancelRequested(runId: string): Promise<boolean>;
  /** `false` when the run has another owner or has ended. */
  renewLease(runId: string, epoch: number, untilMs: number): Promise<boolean>;
  /** Renews the lease every third of `leaseMs` from the store's own thread, until dropped or lost. */
  keepLease(runId: string, epoch: number, leaseMs: number): Promise<void>;
  /** Of a run or of a backfill. */
  dropLease(id: string): Promise<void>;
  /** Newest first. */
  listRuns(filter: RunFilter): Promise<readonly RunRecord[]>;
  getRun(runId: string): Promise<RunRecord | undefined>;
  /** In the order of the plan. */
  steps(runId: string): Promise<readonly StepRecord[]>;
  /** When each step was last heard of, in ms: its start, a log line, a line of output. By step key. Reads every event of the run. */
  lastHeard(runId: string): Promise<Readonly<Record<string, number>>>;
  /** In order of `seq`. */
  events(query: { readonly runId: string; readonly afterSeq: number; readonly limit: number }): Promise<readonly EventRecord[]>;
  /** One entry for each asset that was ever planned or had an event, by key. */
  latestMaterializations(keys: readonly AssetKey[] | "all"): Promise<readonly LatestMaterialization[]>;
  /** Materializations, observations, failures, check results and wipes of an asset or of one of its partitions, newest first. */
  assetEvents(query: AssetEventQuery): Promise<readonly EventRecord[]>;
  runsToRepair(): Promise<readonly OwnedRun[]>;
  /** Ends a run whose owner is gone: running attempts are LOST, waiting steps NOT_RUN. `false` when it is left alone, or `epoch` is no longer current. */
  repairRun(runId: string, epoch: number, verdict: RepairVerdict, nowMs: number): Promise<boolean>;
  /** How an attempt ended, or that it runs; `undefined`: the store has none of this id. */
  attemptOutcome(attemptId: string): Promise<AttemptOutcome | "RUNNING" | undefined>;
  countRuns(): Promise<Readonly<Partial<Record<RunStatus, number>>>>;
  info(): Promise<StoreInfo>;
  /** Resolves when everything that was asked for is stored and the store is shut. */
  close(): Promise<void>;
}
