import type { Dialect } from "./dialect.js";
import { insert } from "./statement-texts.js";

const ANY_NO = "9007199254740991";

/** Statements about backfills. */
export function backfillTexts({ listed }: Dialect) {
  return {
    insertBackfill: insert("backfill", "id", "status", "tags", "asked", "who", "why", "options", "created_at_ms"),
    insertBackfillTarget: insert("backfill_target", "backfill_no", "asset_key", "layout_no", "indexes"),
    backfill: "select * from backfill where id = ?",
    listBackfills: `select * from backfill where status in (select value from ${listed} as wanted) and no < coalesce((select no from backfill where id = ?), ${ANY_NO}) order by no desc limit ?`,
    moveBackfill: `update backfill set status = ?, ended_at_ms = ?, error = ? where id = ? and status in (select value from ${listed} as wanted)`,
    countBackfillRun: "update backfill set run_count = run_count + 1 where id = ? and status = 'RUNNING'",
    backfillTargets: "select asset_key, layout_no, indexes from backfill_target where backfill_no = ? order by no",
    backfillRunCounts: "select status, count(*) as n from run where backfill_no = ? group by status",
    backfillSteps:
      "select run.no, run.status as run_status, run.layout_no, run.partitions, run.divided, step.key, step.status, step.assets from run join step on step.run_no = run.no where run.backfill_no = ? order by run.no, step.no",
  };
}
