import { messageOf, RequestError } from "../../src/base/errors.js";
import { isFinalBackfill } from "../../src/model/backfill.js";
import type { BackfillClaim, BackfillRecord } from "../../src/storage/backfill-store.js";
import type { Store } from "../../src/storage/store.js";
import { LEASE_MS } from "../execute/lease.js";
import { liveRuns } from "./earlier-runs.js";

/** Who takes a backfill up, and what of it is made again: what was cut off (resume), or all that failed (retry). */
export type TakeUp = Pick<BackfillClaim, "driver" | "nowMs"> & { readonly again: "cut off" | "failed" };

/**
 * Drives a backfill with the epoch that this process claims it in, and lets it go whatever happens.
 * @throws {@link RequestError} when it has ended, or another process drives it
 */
export async function whileClaimed<T>(store: Store, id: string, takeUp: TakeUp, drive: (epoch: number) => Promise<T>): Promise<T> {
  const epoch = await claimed(store, id, takeUp);
  try {
    await store.keepBackfill(id, epoch, LEASE_MS);
    return await drive(epoch);
  } catch (error) {
    const verdict = { status: "FAILURE", atMs: takeUp.nowMs, error: messageOf(error) } as const;
    await store.releaseBackfill(id, epoch, verdict).catch(() => undefined); // the first error tells more
    throw error;
  } finally {
    await store.dropLease(id).catch(() => undefined); // a store that is gone renews nothing
  }
}

async function claimed(store: Store, id: string, { driver, nowMs, again }: TakeUp): Promise<number> {
  for (;;) {
    const epoch = await store.claimBackfill(id, { driver, nowMs, leaseMs: LEASE_MS, again: again === "failed" });
    if (epoch !== undefined) return epoch;
    const record = await store.getBackfill(id);
    const [live] = await liveRuns(store, id);
    if (record?.driver) throw drivenElsewhere(record, record.driver);
    if (record) refuseEnded(record, again);
    if (!record || live) throw stillRuns(id, live?.id);
  } // whoever drove it let it go in between
}

/** @throws {@link RequestError} when there is nothing to resume, or to retry */
export function refuseEnded({ id, status }: BackfillRecord, again: TakeUp["again"]): void {
  if (again === "failed" && status === "SUCCESS")
    throw new RequestError("BACKFILL.NOTHING_TO_RETRY", `Backfill ${id} has made everything.`, {
      fix: "Ask for a new backfill: `millrace backfill SELECTION`.",
    });
  if (again === "cut off" && (isFinalBackfill(status) || status === "CANCELING"))
    throw new RequestError("BACKFILL.OVER", `Backfill ${id} is ${status}; there is nothing to resume.`, {
      fix: `\`millrace backfill retry ${id}\` makes what failed or is left.`,
    });
}

function drivenElsewhere({ id, status }: BackfillRecord, { pid, host }: BackfillClaim["driver"]): RequestError {
  return new RequestError("BACKFILL.DRIVEN_ELSEWHERE", `Process ${pid} on ${host} drives backfill ${id}, which is ${status}.`, {
    fix: `Let it go on (\`millrace backfill show ${id}\`), or stop it: \`millrace backfill pause ${id}\`.`,
  });
}

function stillRuns(id: string, runId = "of another process"): RequestError {
  return new RequestError("BACKFILL.RUN_LEFT", `Run ${runId} of backfill ${id} has not ended.`, {
    fix: `Wait for it, or cancel it: \`millrace cancel ${runId}\`.`,
  });
}
