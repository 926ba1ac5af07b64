import { sqlName } from "../../duckdb/sql-text.js";

/** A table of a DuckDB file. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** Where Millrace keeps what it knows of its tables. */
export const LEDGER_SCHEMA = "_millrace";

const RESERVED = new Set(["main", "information_schema", "pg_catalog", LEDGER_SCHEMA]);

/**
 * The table of an asset: `shop.orders` of "shop/orders", `main.orders` of "orders", `"shop/eu".orders` of "shop/eu/orders"; in a schema that is given,
 * `"shop/orders"`. No two keys have the same, except that DuckDB's names do not differ by case alone.
 */
export function tableNameOf(assetKey: string, schema?: string): TableName {
  const segments = assetKey.split("/").map(encoded);
  if (schema !== undefined) return { schema, table: segments.join("/") };
  const table = String(segments.pop());
  if (segments.length === 0) return { schema: "main", table };
  const prefix = segments.join("/");
  return { schema: RESERVED.has(prefix.toLowerCase()) ? `${prefix}/` : prefix, table };
}

/** The table as SQL names it within the catalog. */
export function qualified(catalog: string, { schema, table }: TableName): string {
  return `${catalog}.${sqlName(schema)}.${sqlName(table)}`;
}

/** A statement ends at a NUL and a name may not be empty; everything else may stand in a quoted name. */
function encoded(segment: string): string {
  return segment === "" ? "%" : segment.replace(/[%\0]/g, (character) => (character === "%" ? "%25" : "%00"));
}
