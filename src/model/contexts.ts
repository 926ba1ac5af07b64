import type { MetadataInput } from "./metadata.js";
import type { TimeWindow } from "./partitions/time-windows.js";

/** Structured logging into the run's event log. Secrets are masked. */
export interface StepLog {
  /** Seen in a terminal only with `logLevel: "debug"`; kept in the event log like the others. `fields` may be of any kind: what JSON cannot say is described. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What goes on. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What is odd and can be lived with. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What went wrong. Fails nothing: throw to fail. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

const CONTEXT = Symbol.for("millrace/context");

/** What the methods of assets and of checks are told alike. */
export interface ContextFacts {
  /** Key of the asset that is made or checked; of a multi-asset: of its first selected out. */
  readonly assetKey: string;
  /** Id of the run (UUID, version 7: sorts by time). */
  readonly runId: string;
  /** Unique to this attempt: use it as an idempotency key or conditional-write token in outside systems. */
  readonly attemptId: string;
  /** 0 at the first attempt. */
  readonly retryNumber: number;
  /** Tags that the run was given, e.g. by `--tag`; `{}` where there are none. */
  readonly runTags: Readonly<Record<string, string>>;
  /** Names of the checks declared on this computation that are wanted in this run. */
  readonly selectedChecks: ReadonlySet<string>;
  /** Writes to the run's event log, under this step. */
  readonly log: StepLog;
  /** Aborts when the run is canceled or the step times out. */
  readonly signal: AbortSignal;
}

abstract class StepContextFacts implements ContextFacts {
  readonly assetKey: string;
  readonly runId: string;
  readonly attemptId: string;
  readonly retryNumber: number;
  readonly runTags: Readonly<Record<string, string>>;
  readonly selectedChecks: ReadonlySet<string>;
  readonly log: StepLog;
  readonly signal: AbortSignal;

  constructor(facts: ContextFacts) {
    this.assetKey = facts.assetKey;
    this.runId = facts.runId;
    this.attemptId = facts.attemptId;
    this.retryNumber = facts.retryNumber;
    this.runTags = facts.runTags;
    this.selectedChecks = facts.selectedChecks;
    this.log = facts.log;
    this.signal = facts.signal;
  }
}

/** What an asset's method is told and may report. Take it as a parameter by its type. */
export abstract class AssetContext extends StepContextFacts {
  /** Recognised across copies of the package. */
  static readonly [CONTEXT]: string = "AssetContext";
  /** Names of the outs that are wanted in this run, in their declared order. */
  abstract readonly selectedOuts: ReadonlySet<string>;
  /** Adds metadata to the materialization; of a multi-asset: to the out that is named. */
  abstract addOutputMetadata(metadata: Readonly<Record<string, MetadataInput>>, out?: string): void;
}

/** An {@link AssetContext} of one partition or several; needs `partitions` in the decorator. */
export abstract class PartitionedAssetContext extends AssetContext {
  /** Recognised across copies of the package. */
  static override readonly [CONTEXT]: string = "PartitionedAssetContext";
  /** The partition of this run. @throws {@link ExecutionError} in a run of several: take `partitionKeys` */
  abstract readonly partitionKey: string;
  /** The partitions of this run, in the order of their definition. */
  abstract readonly partitionKeys: readonly string[];
  /** First and last of them. @throws {@link ExecutionError} where they are not adjacent */
  abstract readonly partitionKeyRange: { readonly first: string; readonly last: string };
  /**
   * From the start of the first window to the end of the last; of several dimensions: in the one of time.
   * @throws {@link ExecutionError} where partitions are no windows of time, or not adjacent
   */
  abstract readonly partitionTimeWindow: TimeWindow;
  /** The key in each dimension. @throws {@link ExecutionError} where there are no dimensions, or several partitions in this run */
  abstract readonly keysByDimension: Readonly<Record<string, string>>;
}

/** What a check's method is told. */
export abstract class CheckContext extends StepContextFacts {
  /** Recognised across copies of the package. */
  static readonly [CONTEXT] = "CheckContext";
}
