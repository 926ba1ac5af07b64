import { conditionsOf, type ColumnCondition, type FilterValue, type RowFilter } from "../../model/row-filter.js";
import type { TableColumnInfo } from "../../postgres/catalog-table.js";
import { quoted } from "../../postgres/identifier.js";

/** A condition as SQL, with its values apart. */
export interface BoundSql {
  readonly sql: string;
  readonly values: readonly string[];
}

/**
 * The filter as SQL. COPY takes no bound values, so each is a setting of the transaction, which the caller binds: `setting(n)` is what stands
 * for the n-th in the text.
 */
export function filterSql(filter: RowFilter, columns: ReadonlyMap<string, TableColumnInfo>, setting: (index: number) => string): BoundSql {
  const values: string[] = [];
  const bind = (value: FilterValue, cast: string): string => {
    values.push(value instanceof Date ? value.toISOString() : String(value));
    return `${setting(values.length - 1)}::${cast}`;
  };
  const parts = [...conditionsOf(filter)].map(([name, condition]) => conditionSql(columns.get(name) as TableColumnInfo, condition, bind));
  return { sql: parts.length === 0 ? "true" : parts.join(" AND "), values };
}

type Bind = (value: FilterValue, cast: string) => string;

const OPERATORS = { eq: "=", ne: "<>", lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

function conditionSql(column: TableColumnInfo, { isNull, in: among, ...compared }: ColumnCondition, bind: Bind): string {
  const name = quoted(column.name);
  const parts = isNull === undefined ? [] : [`${name} IS ${isNull ? "" : "NOT "}NULL`];
  for (const [operator, sign] of Object.entries(OPERATORS)) {
    const value = compared[operator as keyof typeof OPERATORS];
    if (value !== undefined) parts.push(comparison(column, sign, value, bind));
  }
  if (among !== undefined)
    parts.push(among.length === 0 ? "false" : `(${among.map((value) => comparison(column, "=", value, bind)).join(" OR ")})`);
  return parts.length === 0 ? "true" : `(${parts.join(" AND ")})`;
}

/** What is of another kind than the column is equal to none of its values, and neither less nor greater. */
function comparison(column: TableColumnInfo, sign: string, value: FilterValue, bind: Bind): string {
  const name = quoted(column.name);
  const { kind } = column.type;
  const never = sign === "<>" ? `${name} IS NOT NULL` : "false";
  if (value instanceof Date) {
    if (kind === "timestamptz" || kind === "timestamp")
      return `${name} ${sign} (${bind(value, "timestamptz")}${kind === "timestamp" ? " AT TIME ZONE 'UTC'" : ""})`;
    return never;
  }
  switch (typeof value) {
    case "boolean":
      return kind === "bool" ? `${name} ${sign} ${bind(value, "boolean")}` : never;
    case "number":
    case "bigint":
      return numberComparison(column, sign, value, bind) ?? never;
    default:
      return textComparison(column, sign, value, bind) ?? never;
  }
}

function numberComparison({ name, type: { kind } }: TableColumnInfo, sign: string, value: number | bigint, bind: Bind): string | undefined {
  const column = quoted(name);
  if (kind === "float8" || kind === "float4") {
    if (Number.isNaN(Number(value))) return undefined; // NaN is equal to nothing here, and to itself in Postgres
    const exact = kind === "float4" ? `${column}::float8` : column;
    return `${exact} ${sign} ${bind(value, "float8")}${sign.startsWith(">") ? ` AND ${column} <> 'NaN'` : ""}`;
  }
  if (!["int2", "int4", "int8", "numeric"].includes(kind)) return undefined;
  if (typeof value === "number" && !Number.isFinite(value))
    return Number.isNaN(value) ? undefined : `${column}::float8 ${sign} ${bind(value, "float8")}`;
  const inRange = Number.isSafeInteger(Number(value));
  return `${column} ${sign} ${bind(value, inRange && kind !== "numeric" ? "bigint" : "numeric")}`;
}

function textComparison({ name, type, sqlType }: TableColumnInfo, sign: string, value: string, bind: Bind): string | undefined {
  const column = quoted(name);
  if (/[\0\p{Surrogate}]/u.test(value)) return undefined; // no text of Postgres holds it
  if (type.kind === "text") return `${column}::text COLLATE "C" ${sign} ${bind(value, "text")}`;
  const fits = { date: /^-?\d{4,}-\d\d-\d\d$/, time: /^\d\d:\d\d(:\d\d(\.\d+)?)?$/, numeric: /^-?\d*\.?\d+$/, uuid: /^[0-9a-f-]{32,36}$/i }[
    type.kind as "date"
  ] as RegExp | undefined;
  return fits?.test(value) ? `${column} ${sign} ${bind(value, sqlType)}` : undefined;
}
