import type { BackfillStore } from "../../src/storage/backfill-store.js";
import type { OwnedRun, Owner, RunStore } from "../../src/storage/run-store.js";
import { stateOf } from "./process-identity.js";

/**
 * Tells the truth about runs whose process is gone: their running attempts are lost, the run has failed.
 * A process that is gone for certain loses its run at once; one that cannot be looked at from here (another host, a container, an earlier
 * boot) when its lease has lapsed; one that lives never does, not even with a lapsed lease: it may have been suspended.
 * Processes that repair at the same time share the runs: each first takes those that no other is at, then waits for the others'.
 * @returns ids of the runs that were repaired
 */
export async function repairStore(store: RunStore, nowMs: number): Promise<string[]> {
  const repaired: string[] = [];
  let left = await store.runsToRepair();
  for (const skipLocked of [true, false]) {
    const skipped: OwnedRun[] = [];
    for (const run of left) {
      const state = stateOf(run.owner);
      if (state === "ALIVE") continue;
      const verdict = { reason: reasonFor(run.owner, state), onlyIfLapsed: state === "UNKNOWN", skipLocked };
      if (await store.repairRun(run.runId, run.epoch, verdict, nowMs)) repaired.push(run.runId);
      else skipped.push(run);
    }
    left = skipped;
  }
  return repaired;
}

/**
 * Takes backfills from drivers that are gone, by the same rules, once none of their runs is left: one that was being canceled is CANCELED, any other
 * waits to be resumed.
 * @returns ids of the backfills that were repaired
 */
export async function repairBackfills(store: BackfillStore, nowMs: number): Promise<string[]> {
  const repaired: string[] = [];
  for (const { backfillId, epoch, driver } of await store.drivenBackfills()) {
    const state = stateOf(driver);
    if (state === "ALIVE") continue;
    if (await store.repairBackfill(backfillId, epoch, { onlyIfLapsed: state === "UNKNOWN" }, nowMs)) repaired.push(backfillId);
  }
  return repaired;
}

function reasonFor({ pid, host }: Owner, state: "GONE" | "UNKNOWN"): string {
  return state === "GONE"
    ? `The process that ran it (pid ${pid} on ${host}) is gone.`
    : `The process that ran it (pid ${pid} on ${host}) let its lease lapse.`;
}
