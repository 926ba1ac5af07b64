import type { Knex } from "knex";

/** The process that drives a backfill, and the run after which it was retried. */
export function driversOfBackfills(knex: Knex): readonly string[] {
  const schema = knex.schema.alterTable("backfill", (t) => {
    t.integer("epoch").notNullable().defaultTo(0);
    t.text("driver");
    t.bigInteger("lease_until_ms");
    t.text("retried_after");
  });
  return schema.toSQL().map(({ sql }) => sql);
}
