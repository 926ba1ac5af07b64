import type { DuckDBDecimalType, DuckDBType } from "@duckdb/node-api";
import type { DuckDB } from "../../duckdb/process-database.js";
import { conditionsOf, type ColumnCondition, type FilterValue, type RowFilter } from "../../model/row-filter.js";
import { sqlString } from "../../duckdb/sql-text.js";

/** A column that a filter may name: how a query calls it, its type, and whether its moments have no more than milliseconds. */
export interface FilteredColumn {
  readonly sql: string;
  readonly type: DuckDBType;
  readonly wholeMs: boolean;
  /** Whether its values are read as they are compared: text that becomes something else is not. */
  readonly comparable: boolean;
}

/** A filter in two parts: what DuckDB looks for, and what is left to be held against each row. */
export interface SplitFilter {
  /** To stand behind WHERE. */
  readonly sql: string;
  readonly rest: RowFilter;
}

/** Gives DuckDB each condition that it judges as `rowPredicate` does; decimals it compares as numbers. */
export function splitFilter(duckdb: DuckDB, filter: RowFilter, columnOf: (name: string) => FilteredColumn): SplitFilter {
  const sql: string[] = [];
  const rest: Record<string, ColumnCondition> = {};
  for (const [name, condition] of conditionsOf(filter)) {
    const column = columnOf(name);
    const literal = literalMaker(duckdb, column);
    const parts = conditionSql(column.sql, condition, literal);
    if (parts === undefined) rest[name] = condition;
    else sql.push(...parts);
  }
  return { sql: sql.length === 0 ? "TRUE" : sql.join(" AND "), rest: rest as RowFilter };
}

type Comparison = Exclude<keyof ColumnCondition, "in" | "isNull">;
/** A comparison of the column with the value; `undefined`: DuckDB would judge it differently. */
type MakeComparison = (column: string, comparison: Comparison, value: FilterValue) => string | undefined;

const OPERATORS: Readonly<Record<Comparison, string>> = { eq: "=", ne: "<>", lt: "<", lte: "<=", gt: ">", gte: ">=" };

function conditionSql(column: string, { isNull, in: among, ...compared }: ColumnCondition, compare: MakeComparison): string[] | undefined {
  const parts: (string | undefined)[] = [];
  if (isNull !== undefined) parts.push(`${column} IS ${isNull ? "" : "NOT "}NULL`);
  for (const [comparison, value] of Object.entries(compared) as [Comparison, FilterValue | undefined][])
    if (value !== undefined) parts.push(compare(column, comparison, value));
  if (among) {
    const equal = among.map((value) => compare(column, "eq", value));
    parts.push(equal.includes(undefined) ? undefined : equal.length === 0 ? "FALSE" : `(${equal.join(" OR ")})`);
  }
  return parts.includes(undefined) ? undefined : (parts as string[]);
}

function literalMaker(duckdb: DuckDB, { type, wholeMs, comparable }: FilteredColumn): MakeComparison {
  const { DuckDBTypeId: id } = duckdb;
  const whole = new Set([id.TINYINT, id.SMALLINT, id.INTEGER, id.BIGINT, id.UTINYINT, id.USMALLINT, id.UINTEGER, id.UBIGINT]);
  if (!comparable) return () => undefined;
  if (whole.has(type.typeId)) return wholeNumber;
  switch (type.typeId) {
    case id.FLOAT:
    case id.DOUBLE:
      return floating;
    case id.DECIMAL:
      return decimal(type as DuckDBDecimalType);
    case id.BOOLEAN:
      return (column, comparison, value) =>
        typeof value === "boolean" && (comparison === "eq" || comparison === "ne")
          ? `${column} ${OPERATORS[comparison]} ${value ? "TRUE" : "FALSE"}`
          : undefined;
    case id.VARCHAR:
      return typed((value) => (typeof value === "string" ? sqlString(value) : undefined));
    case id.DATE:
      return typed((value) => (typeof value === "string" && isDay(value) ? `DATE ${sqlString(value)}` : undefined));
    case id.TIMESTAMP:
      return typed((value) => (wholeMs ? moment("make_timestamp", value) : undefined));
    case id.TIMESTAMP_TZ:
      return typed((value) => (wholeMs ? moment("make_timestamptz", value) : undefined));
    default:
      return () => undefined;
  }
}

function typed(literal: (value: FilterValue) => string | undefined): MakeComparison {
  return (column, comparison, value) => {
    const text = literal(value);
    return text === undefined ? undefined : `${column} ${OPERATORS[comparison]} ${text}`;
  };
}

/** A fraction lies between two whole numbers: less than 1.5 is at most 1. */
function wholeNumber(column: string, comparison: Comparison, value: FilterValue): string | undefined {
  if (typeof value === "bigint") return `${column} ${OPERATORS[comparison]} (${value})`;
  if (typeof value !== "number" || !Number.isFinite(value) || Math.abs(value) > 1e30) return undefined;
  if (Number.isInteger(value)) return `${column} ${OPERATORS[comparison]} (${BigInt(value)})`;
  if (comparison === "eq") return "FALSE";
  if (comparison === "ne") return `${column} IS NOT NULL`;
  return comparison.startsWith("l") ? `${column} <= (${BigInt(Math.floor(value))})` : `${column} >= (${BigInt(Math.ceil(value))})`;
}

/** To DuckDB, NaN is more than any number; to JavaScript it is neither more nor less. */
function floating(column: string, comparison: Comparison, value: FilterValue): string | undefined {
  if ((typeof value !== "number" && typeof value !== "bigint") || Number.isNaN(Number(value))) return undefined;
  if (typeof value === "bigint" && !Number.isSafeInteger(Number(value))) return undefined;
  const text = `${column} ${OPERATORS[comparison]} '${Object.is(value, -0) ? 0 : value}'::DOUBLE`;
  return comparison.startsWith("g") ? `(${text} AND NOT isnan(${column}))` : text;
}

function decimal({ scale }: DuckDBDecimalType): MakeComparison {
  return (column, comparison, value) => {
    const text = typeof value === "boolean" || value instanceof Date ? "" : String(value);
    const [, whole = "", fraction = ""] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
    if (whole === "" || fraction.length > scale || whole.length + scale > 38) return undefined;
    return `${column} ${OPERATORS[comparison]} ${sqlString(text)}::DECIMAL(38, ${scale})`;
  };
}

function moment(maker: string, value: FilterValue): string | undefined {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? `${maker}(${BigInt(value.getTime()) * 1000n})` : undefined;
}

function isDay(text: string): boolean {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}
