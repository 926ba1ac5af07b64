import { StoreError } from "../../src/base/errors.js";
import type { Fsync } from "../../src/storage/run-store.js";

/** What the store thread is started with. */
export interface StoreThreadData {
  readonly path: string;
  readonly fsync: Fsync;
}

/** Methods that write; those that come while one is being written share the next transaction. */
export const WRITES = [
  "createRun",
  "claimRun",
  "commit",
  "appendEvents",
  "requestCancel",
  "renewLease",
  "repairRun",
  "wipe",
  "addDynamicPartitions",
  "deleteDynamicPartitions",
  "createBackfill",
  "claimBackfill",
  "renewBackfill",
  "releaseBackfill",
  "pauseBackfill",
  "cancelBackfill",
  "repairBackfill",
] as const;
/** Calls that change nothing. */
export const READS = [
  "listRuns",
  "getRun",
  "cancelRequested",
  "steps",
  "lastHeard",
  "events",
  "latestMaterializations",
  "assetEvents",
  "runsToRepair",
  "attemptOutcome",
  "countRuns",
  "info",
  "partitionStatus",
  "latestPartitions",
  "dynamicPartitions",
  "getBackfill",
  "listBackfills",
  "drivenBackfills",
  "backfillProgress",
] as const;
/** Methods about leases that the thread renews by itself. */
export const LEASES = ["keepLease", "keepBackfill", "dropLease"] as const;
/** What the store thread can be asked for. */
export type Method = (typeof WRITES)[number] | (typeof READS)[number] | (typeof LEASES)[number] | "watch" | "close";

/** One request to the store thread. */
export interface StoreRequest {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

/** The id of an answer that nobody asked for: its value is the run that another process has changed, or empty. */
export const CHANGED = -1;

/** Its answer. */
export interface StoreAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: StoreFault;
}

/** An error as it crosses the thread's border. */
export interface StoreFault {
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
  readonly cause?: string;
}

/** The error with class, code and text as they were. */
export function errorFrom(fault: StoreFault): StoreError {
  const sentence =
    fault.fix !== undefined && fault.message.endsWith(`\n  → ${fault.fix}`)
      ? fault.message.slice(0, -`\n  → ${fault.fix}`.length)
      : fault.message;
  return new StoreError(fault.code, sentence, {
    ...(fault.fix === undefined ? {} : { fix: fault.fix }),
    ...(fault.cause === undefined ? {} : { cause: fault.cause }),
  });
}
