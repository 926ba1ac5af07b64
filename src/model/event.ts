import type { MetadataValue } from "./metadata-value.js";
import type { FormName } from "./form.js";
import type { ColumnChange } from "./schema-change.js";

/** Every kind of event, in the field's words. */
export const EVENT_TYPES = [
  "RUN_ENQUEUED",
  "RUN_STARTING",
  "RUN_START",
  "RUN_SUCCESS",
  "RUN_FAILURE",
  "RUN_CANCELING",
  "RUN_CANCELED",
  "STEP_START",
  "STEP_SUCCESS",
  "STEP_REUSED",
  "STEP_FAILURE",
  "STEP_SKIPPED",
  "STEP_NOT_RUN",
  "STEP_UP_FOR_RETRY",
  "STEP_RESTARTED",
  "STEP_CANCELED",
  "ATTEMPT_LOST",
  "ATTEMPT_ABANDONED",
  "PUBLISH",
  "RESOURCE_INIT_STARTED",
  "RESOURCE_INIT_SUCCESS",
  "RESOURCE_INIT_FAILURE",
  "RESOURCE_TEARDOWN_FAILURE",
  "LOADED_INPUT",
  "HANDLED_OUTPUT",
  "ASSET_MATERIALIZATION_PLANNED",
  "ASSET_MATERIALIZATION",
  "SCHEMA_CHANGE",
  "ASSET_OBSERVATION",
  "ASSET_FAILED_TO_MATERIALIZE",
  "ASSET_WIPED",
  "ASSET_CHECK_EVALUATION_PLANNED",
  "ASSET_CHECK_EVALUATION",
  "LOG",
  "OUTPUT",
  "ENGINE_EVENT",
] as const;
/** One of {@link EVENT_TYPES}. */
export type EventType = (typeof EVENT_TYPES)[number];

/** What the owner of a run may still tell when the run has ended: what its resources and stray code do then. */
export const AFTER_THE_END: ReadonlySet<EventType> = new Set<EventType>(["RESOURCE_TEARDOWN_FAILURE", "ENGINE_EVENT", "LOG", "OUTPUT"]);

/** An error as it is stored: the user's own first. */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: StoredError;
}

/** The data version and the event of an input, as it was read. */
export interface InputVersion {
  readonly key: string;
  /** Key of the partition that was read, of an upstream that is divided. Where very many were read they are one entry without it, and one version. */
  readonly partition?: string;
  readonly dataVersion?: string;
  /** Id of the materialization (or observation) event that was read; absent: the asset has none, or the same attempt gave it. */
  readonly eventId?: number;
}

/** What an event carries beside its place in the log; each type uses the fields that its name suggests. */
export interface EventPayload {
  readonly message?: string;
  readonly error?: StoredError;
  readonly metadata?: Readonly<Record<string, MetadataValue>>;
  readonly dataVersion?: string;
  /** The asset's own, as its author gives it. */
  readonly codeVersion?: string;
  /** Hash of every user module that was loaded, and of the lock file. */
  readonly sourceVersion?: string;
  readonly inputs?: readonly InputVersion[];
  /** The earlier materializations that stand for a step that is not run again. */
  readonly reused?: readonly InputVersion[];
  /** What the IO manager gave back to find the value by. */
  readonly pointer?: unknown;
  readonly ioManager?: string;
  /** The form in which the value was given, where it is handed over in the same. */
  readonly form?: FormName;
  readonly check?: {
    readonly name: string;
    readonly passed: boolean;
    readonly severity: "ERROR" | "WARN";
    readonly blocking: boolean;
    readonly description?: string;
  };
  /** What became of the columns since the last materialization. */
  readonly columnChanges?: readonly ColumnChange[];
  readonly level?: "debug" | "info" | "warn" | "error";
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Captured console or child output. */
  readonly stream?: "stdout" | "stderr";
  readonly reason?: string;
  readonly waitMs?: number;
  readonly durationMs?: number;
  readonly resource?: string;
}

/** A partition that an event is about: its key, and its number among the partitions of its definition. */
export interface PartitionPoint {
  readonly key: string;
  readonly index: number;
}

/** An event to be appended; run, sequence and id are given by the store. */
export interface NewEvent {
  readonly type: EventType;
  readonly atMs: number;
  readonly stepKey?: string;
  readonly attempt?: number;
  readonly assetKey?: string;
  /** Of an asset that is divided: which of its partitions. A run of several partitions tells each by an event of its own. */
  readonly partition?: PartitionPoint;
  readonly payload?: EventPayload;
}

/** An event as the log holds it. */
export interface EventRecord extends NewEvent {
  /** Unique in the store; grows, but not in the order of commits of different runs. */
  readonly id: number;
  /** Empty: of no run, as a wipe is. */
  readonly runId: string;
  /** 1, 2, 3 … within the run, without a gap. */
  readonly seq: number;
}
