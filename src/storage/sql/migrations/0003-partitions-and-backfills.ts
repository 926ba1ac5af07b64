import type { Knex } from "knex";
import { ASSET_EVENTS } from "../asset-events.js";

/** Partitions of events and runs, their status by asset, dynamic keys, backfills. */
export function partitionsAndBackfills(knex: Knex): readonly string[] {
  const schema = knex.schema
    .alterTable("event", (t) => {
      t.text("partition_key");
      t.bigInteger("partition_index");
    })
    .alterTable("run", (t) => {
      t.integer("layout_no");
      t.binary("partitions");
      t.text("divided");
      t.integer("backfill_no");
    })
    .createTable("partition_layout", (t) => {
      t.increments("no");
      t.text("name").notNullable().unique({ indexName: "partition_layout_name" });
      t.text("layout").notNullable();
    })
    .createTable("partition_latest", (t) => {
      t.text("asset_key").notNullable();
      t.text("partition_key").notNullable();
      t.integer("materialization_id").notNullable();
      t.primary(["asset_key", "partition_key"]);
    })
    .createTable("partition_delta", (t) => {
      t.increments("id");
      t.text("asset_key").notNullable();
      t.integer("layout_no").notNullable();
      t.text("change").notNullable();
      t.text("check_name");
      t.integer("chunk").notNullable();
      t.binary("indexes").notNullable();
      t.index(["asset_key", "id"], "partition_delta_asset");
    })
    .createTable("partition_chunk", (t) => {
      t.text("asset_key").notNullable();
      t.text("state").notNullable();
      t.integer("chunk").notNullable();
      t.integer("layout_no").notNullable();
      t.binary("indexes").notNullable();
      t.primary(["asset_key", "state", "chunk", "layout_no"]);
    })
    .createTable("partition_claim", (t) => {
      t.text("asset_key").notNullable();
      t.integer("run_no").notNullable();
      t.text("step_key").notNullable();
      t.primary(["asset_key", "run_no"]);
      t.index(["run_no", "step_key"], "partition_claim_step");
    })
    .createTable("dynamic_definition", (t) => {
      t.text("name").primary();
      t.integer("deletions").notNullable();
    })
    .createTable("dynamic_partition", (t) => {
      t.text("name").notNullable();
      t.integer("ordinal").notNullable();
      t.text("key").notNullable();
      t.integer("added_after").notNullable();
      t.integer("deleted_by");
      t.primary(["name", "ordinal"]);
    })
    .createTable("backfill", (t) => {
      t.increments("no");
      t.text("id").notNullable().unique({ indexName: "backfill_id" });
      for (const column of ["status", "tags", "asked", "options"]) t.text(column).notNullable();
      for (const column of ["who", "why", "error"]) t.text(column);
      t.bigInteger("created_at_ms").notNullable();
      t.bigInteger("ended_at_ms");
      t.integer("run_count").notNullable().defaultTo(0);
    })
    .createTable("backfill_target", (t) => {
      t.increments("no");
      t.integer("backfill_no").notNullable();
      t.text("asset_key").notNullable();
      t.integer("layout_no");
      t.binary("indexes").notNullable();
      t.unique(["backfill_no", "asset_key"], { indexName: "backfill_target_asset" });
    });
  return [
    ...schema.toSQL().map(({ sql }) => sql),
    "create unique index dynamic_partition_key on dynamic_partition (name, key) where deleted_by is null",
    "create index run_backfill on run (backfill_no, no) where backfill_no is not null",
    "drop index event_asset",
    `create index event_asset on event (asset_key, id) where type in ${ASSET_EVENTS}`,
    `create index event_partition on event (asset_key, partition_key, id) where partition_key is not null and type in ${ASSET_EVENTS}`,
  ];
}
