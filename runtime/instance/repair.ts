import type { RunStore } from "../../src/storage/run-store.js";
import { isGone } from "./process-identity.js";

/**
 * Tells the truth about runs whose process is gone: their running attempts are lost, the run has failed.
 * A run whose process lives, or cannot be looked at from here before its lease has lapsed, is left alone.
 * @returns ids of the runs that were repaired
 */
export async function repairStore(store: RunStore, nowMs: number): Promise<string[]> {
  const repaired: string[] = [];
  for (const run of await store.runsToRepair()) {
    if (!isGone(run.owner)) continue;
    const reason = `The process that ran it (pid ${run.owner.pid} on ${run.owner.host}) is gone.`;
    if (await store.repairRun(run.runId, run.epoch, { reason }, nowMs)) repaired.push(run.runId);
  }
  return repaired;
}
