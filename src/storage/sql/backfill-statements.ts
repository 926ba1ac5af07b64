import type { Dialect } from "./dialect.js";
import { insert } from "./statement-texts.js";

const ANY_NO = "9007199254740991";
/** While a run of it has not ended, some process still works for it. */
const NO_LIVE_RUN =
  "not exists (select 1 from run where run.backfill_no = backfill.no and run.status not in ('SUCCESS', 'FAILURE', 'CANCELED'))";
const TAKEN = "status = 'RUNNING', epoch = epoch + 1, driver = ?, lease_until_ms = ?, ended_at_ms = null, error = null";
const OF_DRIVER = "id = ? and epoch = ? and driver is not null";

/** Statements about backfills. */
export function backfillTexts({ listed, greater, returning, forUpdate }: Dialect) {
  return {
    insertBackfill: insert("backfill", "id", "status", "tags", "asked", "who", "why", "options", "created_at_ms") + returning("no"),
    insertBackfillTarget: insert("backfill_target", "backfill_no", "asset_key", "layout_no", "indexes"),
    backfill: "select * from backfill where id = ?",
    backfillToWrite: `select no from backfill where id = ?${forUpdate}`,
    listBackfills: `select * from backfill where status in (select value from ${listed} as wanted) and no < coalesce((select no from backfill where id = ?), ${ANY_NO}) order by no desc limit ?`,
    claimBackfill: `update backfill set ${TAKEN} where id = ? and driver is null and status in ('REQUESTED', 'RUNNING', 'PAUSED') and ${NO_LIVE_RUN}`,
    claimBackfillAgain: `update backfill set ${TAKEN}, retried_after = (select run.id from run where run.backfill_no = backfill.no order by run.no desc limit 1) where id = ? and driver is null and status <> 'SUCCESS' and ${NO_LIVE_RUN}`,
    renewBackfill: `update backfill set lease_until_ms = ${greater}(lease_until_ms, ?) where ${OF_DRIVER}`,
    releaseBackfill: `update backfill set ended_at_ms = case status when 'RUNNING' then cast(? as bigint) when 'CANCELING' then cast(? as bigint) else ended_at_ms end, error = case status when 'RUNNING' then ? else error end, status = case status when 'RUNNING' then ? when 'CANCELING' then 'CANCELED' else status end, driver = null, lease_until_ms = null where ${OF_DRIVER}`,
    repairBackfill: `update backfill set ended_at_ms = case status when 'CANCELING' then cast(? as bigint) else ended_at_ms end, status = case status when 'CANCELING' then 'CANCELED' else status end, epoch = epoch + 1, driver = null, lease_until_ms = null where ${OF_DRIVER} and lease_until_ms <= ? and ${NO_LIVE_RUN}`,
    pauseBackfill: "update backfill set status = 'PAUSED' where id = ? and status in ('REQUESTED', 'RUNNING')",
    cancelBackfill:
      "update backfill set ended_at_ms = case when driver is null then cast(? as bigint) else null end, status = case when driver is null then 'CANCELED' else 'CANCELING' end where id = ? and status in ('REQUESTED', 'RUNNING', 'PAUSED')",
    drivenBackfills: "select id, epoch, driver from backfill where driver is not null order by no",
    countBackfillRun:
      "update backfill set run_count = run_count + 1 where id = ? and epoch = ? and driver is not null and status = 'RUNNING'",
    backfillTargets: "select asset_key, layout_no, indexes from backfill_target where backfill_no = ? order by no",
    backfillRunCounts: "select status, count(*) as n from run where backfill_no = ? group by status",
    backfillSteps:
      "select case when run.no > coalesce((select no from run where id = ?), 0) then 1 else 0 end as counts, run.status as run_status, run.layout_no, run.partitions, run.divided, step.key, step.status, step.assets from run join step on step.run_no = run.no where run.backfill_no = ? order by run.no, step.no",
  };
}
