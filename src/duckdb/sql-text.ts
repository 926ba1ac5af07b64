import { IOError } from "../base/errors.js";
import { conditionsOf, type ColumnCondition, type RowFilter } from "../model/row-filter.js";

/** Text as a literal of DuckDB's SQL, where a backslash is no escape. The C API ends a statement at a NUL, so that one is spelled out. */
export function sqlString(text: string): string {
  const literals = text.split("\u0000").map((part) => `'${part.replaceAll("'", "''")}'`);
  return literals.length === 1 ? String(literals[0]) : `(${literals.join(" || chr(0) || ")})`;
}

/** A name of a column, table or schema, quoted. */
export function sqlName(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** A path in which `*`, `?` and `[` mean themselves: DuckDB takes paths that it reads as patterns. */
export function literalGlob(path: string): string {
  return path.replace(/[*?[]/g, (character) => `[${character}]`);
}

/** The rows of a Parquet file, as a source of a SELECT. */
export function parquetSource(path: string): string {
  return `read_parquet(${sqlString(literalGlob(path))})`;
}

/**
 * A value as a literal: null, text, numbers, bigints, booleans, a `Date` (as an instant), bytes, and lists of them (`x IN ${[1, 2]}`).
 * @throws IOError for a value that has no literal
 */
export function sqlLiteral(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  switch (typeof value) {
    case "string":
      return sqlString(value);
    case "boolean":
      return value ? "TRUE" : "FALSE";
    case "bigint":
      return `(${value})`;
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? `(${value})` : `'${Object.is(value, -0) ? "-0" : value}'::DOUBLE`;
    default:
      return objectLiteral(value);
  }
}

function objectLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sqlLiteral).join(", ")}]`;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return `make_timestamptz(${BigInt(value.getTime()) * 1000n})`;
  if (value instanceof Uint8Array) return `from_hex('${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}')`;
  const what = value instanceof Date ? "an invalid Date" : typeof value === "object" ? "an object" : `a ${typeof value}`;
  throw new IOError("RELATION.VALUE", `A value within the SQL is ${what}, which has no literal.`, {
    fix: "Give text, numbers, bigints, booleans, Dates, bytes or lists of them; a name of a column by Relation.name(...).",
  });
}

/** The filter as a condition of SQL, to stand behind WHERE. */
export function filterSql(filter: RowFilter): string {
  const conditions = [...conditionsOf(filter)].flatMap(([column, condition]) => columnConditions(sqlName(column), condition));
  return conditions.length === 0 ? "TRUE" : conditions.join(" AND ");
}

const OPERATORS = { eq: "=", ne: "<>", lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

function columnConditions(column: string, { isNull, in: among, ...compared }: ColumnCondition): string[] {
  const conditions: string[] = [];
  if (isNull !== undefined) conditions.push(`${column} IS ${isNull ? "" : "NOT "}NULL`);
  for (const [comparison, value] of Object.entries(compared) as [keyof typeof OPERATORS, unknown][])
    if (value !== undefined) conditions.push(`${column} ${OPERATORS[comparison]} ${sqlLiteral(value)}`);
  if (among) conditions.push(among.length === 0 ? "FALSE" : `${column} IN (${among.map(sqlLiteral).join(", ")})`);
  return conditions;
}
