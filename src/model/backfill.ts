/** The states of a backfill; the last three are final. */
export const BACKFILL_STATUSES = ["REQUESTED", "RUNNING", "PAUSED", "CANCELING", "CANCELED", "SUCCESS", "FAILURE"] as const;
/** The state of a backfill. */
export type BackfillStatus = (typeof BACKFILL_STATUSES)[number];

/** Whether a backfill in this state will never change again by itself; one that failed or was canceled may be retried. */
export function isFinalBackfill(status: BackfillStatus): boolean {
  return status === "CANCELED" || status === "SUCCESS" || status === "FAILURE";
}
