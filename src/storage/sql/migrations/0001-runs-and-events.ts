import type { Knex } from "knex";

/** The statements that make the first schema. Row numbers (`no`) stand for ids within, so that an event row is small. */
export function runsAndEvents(knex: Knex): readonly string[] {
  const schema = knex.schema
    .createTable("run", (t) => {
      t.increments("no");
      t.text("id").notNullable().unique({ indexName: "run_id" });
      for (const column of ["status", "tags", "selection", "code_version"]) t.text(column).notNullable();
      t.bigInteger("created_at_ms").notNullable();
      for (const column of ["started_at_ms", "ended_at_ms", "cancel_requested_at_ms", "lease_until_ms"]) t.bigInteger(column);
      for (const column of ["parent_run_id", "root_run_id", "owner"]) t.text(column);
      t.text("run_key").unique({ indexName: "run_run_key" });
      t.integer("epoch").notNullable().defaultTo(0);
      t.integer("next_seq").notNullable().defaultTo(1);
      t.text("plan").notNullable();
      t.text("config").notNullable();
      t.index(["status", "no"], "run_status");
    })
    .createTable("run_tag", (t) => {
      t.integer("run_no").notNullable();
      t.text("key").notNullable();
      t.text("value").notNullable();
      t.index(["key", "value", "run_no"], "run_tag_value");
    })
    .createTable("step", (t) => {
      t.increments("no");
      t.integer("run_no").notNullable();
      t.text("key").notNullable();
      t.text("status").notNullable();
      t.integer("attempt").notNullable().defaultTo(0);
      t.text("assets").notNullable();
      t.bigInteger("started_at_ms");
      t.bigInteger("ended_at_ms");
      t.unique(["run_no", "key"], { indexName: "step_key" });
    })
    .createTable("attempt", (t) => {
      t.increments("no");
      t.text("id").notNullable().unique({ indexName: "attempt_id" });
      t.integer("run_no").notNullable();
      t.text("step_key").notNullable();
      t.integer("number").notNullable();
      t.bigInteger("started_at_ms").notNullable();
      t.bigInteger("lease_until_ms").notNullable();
      t.bigInteger("ended_at_ms");
      t.text("outcome");
      t.unique(["run_no", "step_key", "number"], { indexName: "attempt_number" });
    })
    .createTable("event", (t) => {
      t.increments("id");
      t.integer("run_no").notNullable();
      t.integer("seq").notNullable();
      t.integer("attempt_no");
      t.integer("ordinal");
      t.text("type").notNullable();
      t.bigInteger("at_ms").notNullable();
      t.text("step_key");
      t.integer("attempt");
      t.text("asset_key");
      t.text("payload");
      t.unique(["run_no", "seq"], { indexName: "event_seq" });
    })
    .createTable("asset_latest", (t) => {
      t.text("asset_key").primary();
      for (const column of ["run_no", "materialization_id", "observation_id", "failure_id"]) t.integer(column);
    })
    .createTable("check_latest", (t) => {
      t.text("asset_key").notNullable();
      t.text("name").notNullable();
      t.integer("event_id").notNullable();
      t.primary(["asset_key", "name"]);
    });
  return [
    ...schema.toSQL().map(({ sql }) => sql),
    "create unique index event_ordinal on event (attempt_no, ordinal) where ordinal is not null",
    "create index event_asset on event (asset_key, id) where type in ('ASSET_MATERIALIZATION', 'ASSET_OBSERVATION', 'ASSET_FAILED_TO_MATERIALIZE', 'ASSET_CHECK_EVALUATION')",
  ];
}
