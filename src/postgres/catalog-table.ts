import type { PoolClient } from "pg";
import { resolveTypes } from "./catalog-types.js";
import type { PostgresType } from "./column-kind.js";
import { quotedTable, type TableName } from "./identifier.js";

/** A column of a table, as the catalog has it. */
export interface TableColumnInfo {
  readonly name: string;
  readonly type: PostgresType;
  /** The type as SQL writes it, e.g. `numeric(10,2)` or `shop.mood`. */
  readonly sqlType: string;
  readonly notNull: boolean;
  /** Whether a row may leave it out although it takes no null. */
  readonly hasDefault: boolean;
  /** Computed by the server: nobody writes it. */
  readonly generated: boolean;
}

interface ColumnRow {
  readonly name: string;
  readonly oid: number;
  readonly modifier: number;
  readonly sqlType: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly generated: boolean;
}

const COLUMNS = `SELECT a.attname AS name, a.atttypid::int8::float8 AS oid, a.atttypmod AS modifier, pg_catalog.format_type(a.atttypid, a.atttypmod) AS "sqlType", a.attnotnull AS "notNull",
    a.atthasdef OR a.attidentity <> '' AS "hasDefault", a.attgenerated <> '' AS generated
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

/** The columns of a table in their order; `undefined`: there is no such table. */
export async function columnsOfTable(client: PoolClient, table: TableName): Promise<TableColumnInfo[] | undefined> {
  const { rows } = await client.query<ColumnRow>(COLUMNS, [quotedTable(table)]);
  if (rows.length === 0 && !(await exists(client, table))) return undefined;
  const types = await resolveTypes(client, rows);
  return rows.map(({ name, sqlType, notNull, hasDefault, generated }, index) => ({
    name,
    sqlType,
    type: types[index] as PostgresType,
    notNull,
    hasDefault,
    generated,
  }));
}

async function exists(client: PoolClient, table: TableName): Promise<boolean> {
  const { rows } = await client.query("SELECT pg_catalog.to_regclass($1) IS NOT NULL AS there", [quotedTable(table)]);
  return (rows as { there: boolean }[])[0]?.there ?? false;
}
