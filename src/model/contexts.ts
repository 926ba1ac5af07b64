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

/** What an asset's method is told and may report. Take it as a parameter by its type. */
export abstract class AssetContext {
  /** Recognised across copies of the package. */
  static readonly [CONTEXT]: string = "AssetContext";
  /** Key of the asset; of a multi-asset: of its first selected out. */
  abstract readonly assetKey: string;
  /** Names of the outs that are wanted in this run, in their declared order. */
  abstract readonly selectedOuts: ReadonlySet<string>;
  /** Names of the checks declared on this computation that are wanted in this run. */
  abstract readonly selectedChecks: ReadonlySet<string>;
  /** Id of the run (UUID, version 7: sorts by time). */
  abstract readonly runId: string;
  /** Unique to this attempt: use it as an idempotency key or conditional-write token in outside systems. */
  abstract readonly attemptId: string;
  /** 0 at the first attempt. */
  abstract readonly retryNumber: number;
  /** Tags that the run was given, e.g. by `--tag`; `{}` where there are none. */
  abstract readonly runTags: Readonly<Record<string, string>>;
  /** Writes to the run's event log, under this step. */
  abstract readonly log: StepLog;
  /** Aborts when the run is canceled or the step times out. */
  abstract readonly signal: AbortSignal;
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
export abstract class CheckContext {
  /** Recognised across copies of the package. */
  static readonly [CONTEXT] = "CheckContext";
  /** Key of the asset that is checked. */
  abstract readonly assetKey: string;
  /** Id of the run (UUID, version 7: sorts by time). */
  abstract readonly runId: string;
  /** Unique to this attempt. */
  abstract readonly attemptId: string;
  /** 0 at the first attempt. */
  abstract readonly retryNumber: number;
  /** Tags that the run was given; `{}` where there are none. */
  abstract readonly runTags: Readonly<Record<string, string>>;
  /** Names of this method's checks that are wanted in this run. */
  abstract readonly selectedChecks: ReadonlySet<string>;
  /** Writes to the run's event log, under this step. */
  abstract readonly log: StepLog;
  /** Aborts when the run is canceled or the step times out. */
  abstract readonly signal: AbortSignal;
}
