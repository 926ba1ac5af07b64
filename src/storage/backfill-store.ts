import type { Json } from "../base/canonical-json.js";
import type { AssetKey } from "../model/asset-spec.js";
import type { BackfillStatus } from "../model/backfill.js";
import type { IndexSet } from "../model/partitions/index-set.js";
import type { PartitionLayout } from "../model/partitions/partition-layout.js";
import type { RunStatus } from "../model/run.js";

/** Partitions of one asset of a backfill. An asset that is not divided has no layout and the one partition 0. */
export interface BackfillTarget {
  readonly assetKey: AssetKey;
  readonly layout: PartitionLayout | null;
  readonly indexes: IndexSet;
}

/** A backfill to be created. */
export interface NewBackfill {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  /** The selection and the partitions as they were asked for. */
  readonly asked: string;
  readonly who?: string;
  readonly why?: string;
  /** Order, reprocess policy, limits: what decides how it proceeds. */
  readonly options: Json;
  readonly targets: readonly BackfillTarget[];
}

/** A backfill as the store tells it. */
export interface BackfillRecord extends Omit<NewBackfill, "targets"> {
  readonly status: BackfillStatus;
  readonly endedAtMs?: number;
  readonly error?: string;
  /** How many runs it has asked for. */
  readonly runCount: number;
}

/** How far a backfill is with one asset, in the numbers of the target. */
export interface BackfillAssetProgress extends BackfillTarget {
  /** In runs that were asked for, whatever came of them. */
  readonly requested: IndexSet;
  readonly materialized: IndexSet;
  /** In runs that ended without materializing them; a later run that did takes them out again. */
  readonly failed: IndexSet;
  /** By id of a check that is a step of its own: where that step did not succeed. A later one that did takes them out again. */
  readonly failedChecks: Readonly<Record<string, IndexSet>>;
}

export interface BackfillProgressRecord {
  readonly assets: readonly BackfillAssetProgress[];
  readonly runs: Readonly<Partial<Record<RunStatus, number>>>;
}

export interface BackfillFilter {
  readonly statuses?: readonly BackfillStatus[];
  /** Only backfills created before this one. */
  readonly beforeId?: string;
  readonly limit: number;
}

/** A change of a backfill's status, which happens only from one of these. */
export interface BackfillMove {
  readonly from: readonly BackfillStatus[];
  readonly to: BackfillStatus;
  readonly atMs: number;
  readonly error?: string;
}

/**
 * Backfills. Their runs are made by `createRun` with `backfillId`, which is refused unless the backfill is RUNNING; progress is what the runs'
 * steps tell. Every method is one transaction.
 */
export interface BackfillStore {
  /** @throws {@link StoreError} `STORE.DUPLICATE_BACKFILL` when the id is taken */
  createBackfill(backfill: NewBackfill): Promise<BackfillRecord>;
  getBackfill(id: string): Promise<BackfillRecord | undefined>;
  /** Newest first. */
  listBackfills(filter: BackfillFilter): Promise<readonly BackfillRecord[]>;
  /** `false`: it is not there, or in none of the states that it may leave. A final state sets the end. */
  setBackfillStatus(id: string, move: BackfillMove): Promise<boolean>;
  /** By asset in the order of the targets; `undefined`: no such backfill. */
  backfillProgress(id: string): Promise<BackfillProgressRecord | undefined>;
}
