import type { Dialect } from "./dialect.js";
import { EVENT_COLUMNS, insert } from "./statement-texts.js";

/** Statements about partitions. */
export function partitionTexts({ listed }: Dialect) {
  const alive = "added_after <= ? and (deleted_by is null or deleted_by > ?)";
  return {
    layoutOfName: "select no from partition_layout where name = ?",
    layout: "select layout from partition_layout where no = ?",
    insertLayout: `${insert("partition_layout", "name", "layout")} on conflict (name) do nothing`,
    runPartitions: "select layout_no, partitions, divided from run where no = ?",
    stepAssets: "select assets from step where run_no = ? and key = ?",
    claimPartitions: `${insert("partition_claim", "asset_key", "run_no", "step_key")} on conflict (asset_key, run_no) do nothing`,
    releasePartitions: "delete from partition_claim where run_no = ? and step_key = ?",
    claimedPartitions:
      "select run.layout_no, run.partitions from partition_claim join run on run.no = partition_claim.run_no where partition_claim.asset_key = ?",
    latestPartition:
      "insert into partition_latest (asset_key, partition_key, materialization_id) values (?, ?, ?) on conflict (asset_key, partition_key) do update set materialization_id = excluded.materialization_id",
    latestPartitions: `select ${EVENT_COLUMNS} from ${listed} as wanted cross join partition_latest join event on event.id = partition_latest.materialization_id join run on run.no = event.run_no where partition_latest.asset_key = ? and partition_latest.partition_key = wanted.value`,
    insertDelta: insert("partition_delta", "asset_key", "layout_no", "change", "check_name", "chunk", "indexes"),
    deltas: "select id, layout_no, change, check_name, chunk, indexes from partition_delta where asset_key = ? order by id",
    countDeltas: "select count(*) as n from partition_delta where asset_key = ?",
    deleteDelta: "delete from partition_delta where id = ?",
    chunks: "select state, chunk, layout_no, indexes from partition_chunk where asset_key = ?",
    writeChunk:
      "insert into partition_chunk (asset_key, state, chunk, layout_no, indexes) values (?, ?, ?, ?, ?) on conflict (asset_key, state, chunk, layout_no) do update set indexes = excluded.indexes",
    deleteChunk: "delete from partition_chunk where asset_key = ? and state = ? and chunk = ? and layout_no = ?",
    forgetDeltas: "delete from partition_delta where asset_key = ?",
    forgetChunks: "delete from partition_chunk where asset_key = ?",
    forgetPartitions: "delete from partition_latest where asset_key = ?",
    forgetPartition: "delete from partition_latest where asset_key = ? and partition_key = ?",
    forgetLatest:
      "update asset_latest set materialization_id = (select max(materialization_id) from partition_latest where asset_key = ?) where asset_key = ?",
    forgetAsset: "update asset_latest set materialization_id = null, observation_id = null, failure_id = null where asset_key = ?",
    forgetChecks: "delete from check_latest where asset_key = ?",
    insertWipe:
      "insert into event (run_no, seq, type, at_ms, asset_key, partition_key, partition_index, payload) select 0, coalesce(max(seq), 0) + 1, 'ASSET_WIPED', ?, ?, ?, ?, ? from event where run_no = 0",
    dynamicDeletions: "select deletions from dynamic_definition where name = ?",
    countDeletion: "update dynamic_definition set deletions = deletions + 1 where name = ?",
    insertDynamicName: `${insert("dynamic_definition", "name", "deletions")} on conflict (name) do nothing`,
    dynamicKeys: `select key from dynamic_partition where name = ? and ${alive} order by ordinal`,
    insertDynamicKey:
      "insert into dynamic_partition (name, ordinal, key, added_after) select ?, coalesce(max(ordinal), -1) + 1, ?, ? from dynamic_partition where name = ? on conflict (name, key) where deleted_by is null do nothing",
    deleteDynamicKey: "update dynamic_partition set deleted_by = ? where name = ? and key = ? and deleted_by is null",
  };
}
