import { sweep } from "../../src/io/places/attempt-file.js";
import type { RunStore } from "../../src/storage/run-store.js";

/**
 * Deletes what attempts that have ended left unpublished in the folder of stored values, and gives the paths. What a running attempt
 * writes stays, and so does a file of an attempt that this store does not know.
 * @remarks Walks the whole folder; asks the store once for each file that it finds.
 */
export function sweepStorage(store: RunStore, storageDir: string): Promise<string[]> {
  return sweep(storageDir, isCurrentIn(store));
}

/** Tells, of the attempt of an IO manager's context, whether it is running, or is none of this store's. */
export function isCurrentIn(store: RunStore): (attemptId: string) => Promise<boolean> {
  return async (attemptId) => {
    const outcome = await store.attemptOutcome(attemptId.replace(/\.\d+$/, "")); // one that stores several partitions has a name for each
    return outcome === undefined || outcome === "RUNNING";
  };
}
