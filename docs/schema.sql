-- Schema 5 of the store, as a new one has it. Written by tools/schema.mjs.

CREATE TABLE schema_migration (
  version integer primary key,
  name text not null
);

CREATE TABLE `run` (
  `no` integer not null primary key autoincrement,
  `id` text not null,
  `status` text not null,
  `tags` text not null,
  `selection` text not null,
  `code_version` text not null,
  `created_at_ms` bigint not null,
  `started_at_ms` bigint,
  `ended_at_ms` bigint,
  `cancel_requested_at_ms` bigint,
  `lease_until_ms` bigint,
  `parent_run_id` text,
  `root_run_id` text,
  `owner` text,
  `run_key` text,
  `epoch` integer not null default '0',
  `next_seq` integer not null default '1',
  `plan` text not null,
  `config` text not null,
  `layout_no` integer,
  `partitions` blob,
  `divided` text,
  `backfill_no` integer
);

CREATE UNIQUE INDEX `run_id` on `run` (`id`);

CREATE UNIQUE INDEX `run_run_key` on `run` (`run_key`);

CREATE INDEX `run_status` on `run` (`status`, `no`);

CREATE TABLE `run_tag` (
  `run_no` integer not null,
  `key` text not null,
  `value` text not null
);

CREATE INDEX `run_tag_value` on `run_tag` (`key`, `value`, `run_no`);

CREATE TABLE `step` (
  `no` integer not null primary key autoincrement,
  `run_no` integer not null,
  `key` text not null,
  `status` text not null,
  `attempt` integer not null default '0',
  `assets` text not null,
  `started_at_ms` bigint,
  `ended_at_ms` bigint
);

CREATE UNIQUE INDEX `step_key` on `step` (`run_no`, `key`);

CREATE TABLE `attempt` (
  `no` integer not null primary key autoincrement,
  `id` text not null,
  `run_no` integer not null,
  `step_key` text not null,
  `number` integer not null,
  `started_at_ms` bigint not null,
  `lease_until_ms` bigint not null,
  `ended_at_ms` bigint,
  `outcome` text
);

CREATE UNIQUE INDEX `attempt_id` on `attempt` (`id`);

CREATE UNIQUE INDEX `attempt_number` on `attempt` (`run_no`, `step_key`, `number`);

CREATE TABLE `event` (
  `id` integer not null primary key autoincrement,
  `run_no` integer not null,
  `seq` integer not null,
  `attempt_no` integer,
  `ordinal` integer,
  `type` text not null,
  `at_ms` bigint not null,
  `step_key` text,
  `attempt` integer,
  `asset_key` text,
  `payload` text,
  `partition_key` text,
  `partition_index` bigint
);

CREATE UNIQUE INDEX `event_seq` on `event` (`run_no`, `seq`);

CREATE TABLE `asset_latest` (
  `asset_key` text,
  `run_no` integer,
  `materialization_id` integer,
  `observation_id` integer,
  `failure_id` integer,
  primary key (`asset_key`)
);

CREATE TABLE `check_latest` (
  `asset_key` text not null,
  `name` text not null,
  `event_id` integer not null,
  primary key (`asset_key`, `name`)
);

CREATE UNIQUE INDEX event_ordinal on event (attempt_no, ordinal) where ordinal is not null;

CREATE INDEX event_asset on event (asset_key, id) where type in ('ASSET_MATERIALIZATION', 'ASSET_OBSERVATION', 'ASSET_FAILED_TO_MATERIALIZE', 'ASSET_CHECK_EVALUATION', 'ASSET_WIPED');

CREATE UNIQUE INDEX event_end_of_attempt on event (run_no, step_key, attempt) where type in ('STEP_SUCCESS', 'STEP_FAILURE', 'STEP_UP_FOR_RETRY', 'STEP_CANCELED');

CREATE TABLE `partition_layout` (
  `no` integer not null primary key autoincrement,
  `name` text not null,
  `layout` text not null
);

CREATE UNIQUE INDEX `partition_layout_name` on `partition_layout` (`name`);

CREATE TABLE `partition_latest` (
  `asset_key` text not null,
  `partition_key` text not null,
  `materialization_id` integer not null,
  primary key (`asset_key`, `partition_key`)
);

CREATE TABLE `partition_delta` (
  `id` integer not null primary key autoincrement,
  `asset_key` text not null,
  `layout_no` integer not null,
  `change` text not null,
  `check_name` text,
  `chunk` integer not null,
  `indexes` blob not null
);

CREATE INDEX `partition_delta_asset` on `partition_delta` (`asset_key`, `id`);

CREATE TABLE `partition_chunk` (
  `asset_key` text not null,
  `state` text not null,
  `chunk` integer not null,
  `layout_no` integer not null,
  `indexes` blob not null,
  primary key (`asset_key`, `state`, `chunk`, `layout_no`)
);

CREATE TABLE `partition_claim` (
  `asset_key` text not null,
  `run_no` integer not null,
  `step_key` text not null,
  primary key (`asset_key`, `run_no`)
);

CREATE INDEX `partition_claim_step` on `partition_claim` (`run_no`, `step_key`);

CREATE TABLE `dynamic_definition` (
  `name` text,
  `deletions` integer not null,
  primary key (`name`)
);

CREATE TABLE `dynamic_partition` (
  `name` text not null,
  `ordinal` integer not null,
  `key` text not null,
  `added_after` integer not null,
  `deleted_by` integer,
  primary key (`name`, `ordinal`)
);

CREATE TABLE `backfill` (
  `no` integer not null primary key autoincrement,
  `id` text not null,
  `status` text not null,
  `tags` text not null,
  `asked` text not null,
  `options` text not null,
  `who` text,
  `why` text,
  `error` text,
  `created_at_ms` bigint not null,
  `ended_at_ms` bigint,
  `run_count` integer not null default '0',
  `epoch` integer not null default '0',
  `driver` text,
  `lease_until_ms` bigint,
  `retried_after` text
);

CREATE UNIQUE INDEX `backfill_id` on `backfill` (`id`);

CREATE TABLE `backfill_target` (
  `no` integer not null primary key autoincrement,
  `backfill_no` integer not null,
  `asset_key` text not null,
  `layout_no` integer,
  `indexes` blob not null
);

CREATE UNIQUE INDEX `backfill_target_asset` on `backfill_target` (`backfill_no`, `asset_key`);

CREATE UNIQUE INDEX dynamic_partition_key on dynamic_partition (name, key) where deleted_by is null;

CREATE INDEX run_backfill on run (backfill_no, no) where backfill_no is not null;

CREATE INDEX event_partition on event (asset_key, partition_key, id) where partition_key is not null and type in ('ASSET_MATERIALIZATION', 'ASSET_OBSERVATION', 'ASSET_FAILED_TO_MATERIALIZE', 'ASSET_CHECK_EVALUATION', 'ASSET_WIPED');

CREATE INDEX run_created on run (created_at_ms, no);
