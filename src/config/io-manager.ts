import type { FormName } from "../model/form.js";
import type { MetadataInput } from "../model/metadata.js";
import type { StepLog } from "../model/contexts.js";
import type { MetadataValue } from "../model/metadata-value.js";
import type { RowFilter } from "../model/row-filter.js";
import type { RowSchema } from "../model/row-schema.js";
import { ConfigurableResource } from "./configurable-resource.js";

declare const value: unique symbol;

/** What an IO manager is told when it stores. */
export interface OutputContext {
  /** Key of the asset whose value it is. Segments joined by `/`: letters, digits, `_`, `.` and `-` only. */
  readonly assetKey: string;
  /** Id of the run that calls. */
  readonly runId: string;
  /** Key of the step that stores. */
  readonly stepKey: string;
  /** Unique to this attempt, and to the partition where it stores several: put it into the names of what is not published yet. */
  readonly attemptId: string;
  /** The partition that is stored, of an asset that is divided; a run of several calls `store` for each. Hostile input: encode it in paths, URLs and SQL. */
  readonly partitionKey?: string;
  /** The rows as the asset declares them; absent: found in the rows. What is stored has been held against it. */
  readonly schema?: RowSchema;
  /** The definition's metadata. */
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  /** Folder of the instance for stored values, an absolute path. */
  readonly storageDir: string;
  /** Writes to the run's event log, under this step. */
  readonly log: StepLog;
  /** Aborts when the run is canceled or the step times out: stop, and throw its reason. */
  readonly signal: AbortSignal;
  /**
   * Whether what is stored, and then published, has to outlive a power cut before the call ends. False when the project's fsync is NORMAL.
   * @defaultValue true
   */
  readonly outlivesPowerCut?: boolean;
  /** Adds metadata to the materialization, e.g. the number of rows. */
  addOutputMetadata(metadata: Readonly<Record<string, MetadataInput>>): void;
}

/** What an IO manager is told when it loads. */
export interface InputContext {
  /** Key of the asset whose value it is. Segments joined by `/`: letters, digits, `_`, `.` and `-` only. */
  readonly assetKey: string;
  /** Id of the run that calls. */
  readonly runId: string;
  /** The partition that is loaded, of an asset that is divided. */
  readonly partitionKey?: string;
  /** The form in which the value is wanted; absent: as it was stored. Only those which the manager's `loads` names are asked for. */
  readonly form?: FormName;
  /** The columns that are wanted, in this order; absent: all. */
  readonly columns?: readonly string[];
  /** The rows that are wanted; absent: all. */
  readonly where?: RowFilter;
  /** The rows as the upstream declares them. */
  readonly schema?: RowSchema;
  /** What `store` gave back when the upstream was materialized. */
  readonly pointer: unknown;
  /** Data version of the materialization that is loaded; `undefined`: none was recorded. */
  readonly dataVersion: string | undefined;
  /** The upstream's definition metadata. */
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  /** Folder of the instance for stored values, an absolute path. */
  readonly storageDir: string;
  /** Writes to the run's event log, under this step. */
  readonly log: StepLog;
  /** Aborts when the run is canceled or the step times out: stop, and throw its reason. */
  readonly signal: AbortSignal;
}

/**
 * Keeps what assets return and hands it to their downstream. `Store` is the widest value that the manager can keep:
 * `@Asset({ io })` refuses a method that returns anything else.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the default is a manager of everything
export abstract class IOManager<Store = any> extends ConfigurableResource {
  declare readonly [value]?: (v: Store) => Store;
  /** The forms in which `load` itself gives rows; every other form is made out of the rows that it gives. @defaultValue none */
  get loads(): readonly FormName[] {
    return [];
  }
  /** Whether `load` obeys `columns` and `where`; else what it gives is cut to them. @defaultValue false */
  get pushesDown(): boolean {
    return false;
  }
  /** Keeps the value; what it resolves to (JSON data, or nothing) comes back as `pointer` when the value is loaded. */
  abstract store(stored: Store, context: OutputContext): Promise<unknown>;
  /** The value as it was stored; an async iterable of rows where the manager can stream. */
  abstract load(context: InputContext): Promise<unknown>;
  /** For managers with a fixed address: makes what `store` wrote under the attempt's name visible, atomically and repeatably. */
  publish?(context: OutputContext): Promise<void>;
  /** Removes what `store` wrote under the attempt's name and was not published. */
  discard?(context: OutputContext): Promise<void>;
  /**
   * For managers that keep what is not published elsewhere than in the instance's folder: removes what attempts that are no longer current left
   * behind, because their process was killed. Called at the end of a run that succeeded. Gives what it removed.
   */
  sweep?(isCurrent: (attemptId: string) => Promise<boolean>): Promise<readonly string[]>;
}
