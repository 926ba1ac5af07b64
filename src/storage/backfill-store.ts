import type { Json } from "../base/canonical-json.js";
import type { AssetKey } from "../model/asset-spec.js";
import type { BackfillStatus } from "../model/backfill.js";
import type { IndexSet } from "../model/partitions/index-set.js";
import type { PartitionLayout } from "../model/partitions/partition-layout.js";
import type { RunStatus } from "../model/run.js";
import type { Owner } from "./run-store.js";

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
  /** The process that drives it; absent: none does. */
  readonly driver?: Owner;
  /** Id of the run after which it was last retried: what had failed by then counts as never asked for. */
  readonly retriedAfter?: string;
}

/** How far a backfill is with one asset, in the numbers of the target. */
export interface BackfillAssetProgress extends BackfillTarget {
  /** In runs that were asked for, whatever came of them; without those that failed before the last retry. */
  readonly requested: IndexSet;
  /** In steps that succeeded, or were reused: earlier materializations stand for them. */
  readonly materialized: IndexSet;
  /** In runs that ended without materializing them; a later run that did takes them out again. */
  readonly failed: IndexSet;
  /** By id of a check that is a step of its own: where that step did not succeed. A later one that did takes them out again. */
  readonly failedChecks: Readonly<Record<string, IndexSet>>;
  /** Of these what failed before the last retry, which has not come to it yet. */
  readonly retriedChecks: Readonly<Record<string, IndexSet>>;
}

/** How far a backfill is: each of its assets, and its runs by state. */
export interface BackfillProgressRecord {
  readonly assets: readonly BackfillAssetProgress[];
  readonly runs: Readonly<Partial<Record<RunStatus, number>>>;
}

/** Which backfills are listed. */
export interface BackfillFilter {
  readonly statuses?: readonly BackfillStatus[];
  /** Only backfills created before this one. */
  readonly beforeId?: string;
  readonly limit: number;
}

/** A process that wants to drive a backfill. */
export interface BackfillClaim {
  readonly driver: Owner;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** Also when it has ended; what had failed by now counts as never asked for. @defaultValue false */
  readonly again?: boolean;
}

/** What a driver ends a running backfill with. */
export interface BackfillVerdict {
  readonly status: "SUCCESS" | "FAILURE" | "PAUSED";
  readonly atMs: number;
  readonly error?: string;
}

/** A backfill that a process drives. */
export interface DrivenBackfill {
  readonly backfillId: string;
  readonly epoch: number;
  readonly driver: Owner;
}

/**
 * Backfills. One process at a time drives one: it claims the backfill and gets an epoch, which each of its writes carries. Runs are made by
 * `createRun` with `backfill`, which is refused unless the backfill is RUNNING in that epoch; progress is what the runs' steps tell.
 * Every method is one transaction.
 */
export interface BackfillStore {
  /** @throws {@link StoreError} `STORE.DUPLICATE_BACKFILL` when the id is taken */
  createBackfill(backfill: NewBackfill): Promise<BackfillRecord>;
  getBackfill(id: string): Promise<BackfillRecord | undefined>;
  /** Newest first. */
  listBackfills(filter: BackfillFilter): Promise<readonly BackfillRecord[]>;
  /**
   * The new epoch; the backfill is RUNNING from then on. `undefined`: it is not there, has ended or is being canceled, another process drives it, or
   * a run of it has not ended.
   */
  claimBackfill(id: string, claim: BackfillClaim): Promise<number | undefined>;
  /** `false` when the epoch is no longer current. */
  renewBackfill(id: string, epoch: number, untilMs: number): Promise<boolean>;
  /** Renews the lease every third of `leaseMs` from the store's own thread, until dropped (`dropLease(id)`) or lost. */
  keepBackfill(id: string, epoch: number, leaseMs: number): Promise<void>;
  /** Ends the drive: with the verdict if the backfill is RUNNING, as CANCELED if it is CANCELING; PAUSED stays. `false` when the epoch is no longer current. */
  releaseBackfill(id: string, epoch: number, verdict: BackfillVerdict): Promise<boolean>;
  /** Asks for no more runs; those under way go on to their ends. `false`: it is not there, or neither requested nor running. */
  pauseBackfill(id: string): Promise<boolean>;
  /** CANCELED at once if no process drives it, else CANCELING until the driver has stopped. `false`: it is not there, has ended, or is being canceled. */
  cancelBackfill(id: string, nowMs: number): Promise<boolean>;
  drivenBackfills(): Promise<readonly DrivenBackfill[]>;
  /**
   * Takes a backfill from a driver that is gone; one that was being canceled is CANCELED. `false` when `epoch` is no longer current, a run of it has
   * not ended, or, with `onlyIfLapsed`, the lease is live.
   */
  repairBackfill(id: string, epoch: number, verdict: { readonly onlyIfLapsed: boolean }, nowMs: number): Promise<boolean>;
  /** By asset in the order of the targets; `undefined`: no such backfill. */
  backfillProgress(id: string): Promise<BackfillProgressRecord | undefined>;
}
