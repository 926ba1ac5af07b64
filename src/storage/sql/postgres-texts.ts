const TABLES = "run|run_tag|step|attempt|event|asset_latest|check_latest|schema_migration|partition_layout|partition_latest|partition_delta|partition_chunk|partition_claim|dynamic_definition|dynamic_partition|backfill|backfill_target"; // prettier-ignore
const TABLE = new RegExp(`\\b(from|join|into|update) "?(${TABLES})"?(?![\\w.])`, "g");

/**
 * The statement with its tables looked for in this schema, and `{schema}` replaced by its name. No session's `search_path` says it: behind a pool
 * that lends sessions by the transaction, a session's settings are anyone's.
 */
export function forSchema(sql: string, schema: string): string {
  return sql.replace(TABLE, (_, word: string, table: string) => `${word} "${schema}"."${table}"`).replaceAll("{schema}", schema);
}

/** The statement with `$1`, `$2` … for each `?`. */
export function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll("?", () => `$${++count}`);
}

/** A statement of a migration with whole numbers of 64 bits, and texts that are sorted by their bytes, as SQLite does. */
export function postgresDdl(sql: string): string {
  return sql
    .replace(/\bserial\b/g, "bigserial")
    .replace(/\binteger\b/g, "bigint")
    .replace(/ text\b(?! collate)/g, ' text collate "C"');
}
