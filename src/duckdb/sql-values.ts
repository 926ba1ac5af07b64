import type { DuckDBPreparedStatement, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { IOError } from "../base/errors.js";
import { loadDuckDB } from "./process-database.js";

/** Binds values to the parameters of a statement, `?` or `$1`: null, text, numbers, bigints, booleans, Dates (as instants), bytes, lists. */
export function bindValues(statement: DuckDBPreparedStatement, values: readonly unknown[]): void {
  const bound = values.map((value, index) => boundValue(value, index + 1));
  statement.bind(
    bound.map(({ value }) => value),
    bound.map(({ type }) => type) as DuckDBType[],
  );
}

function boundValue(value: unknown, position: number): { value: DuckDBValue; type?: DuckDBType } {
  const duckdb = loadDuckDB();
  if (value === null || value === undefined) return { value: null };
  if (typeof value === "number") return Number.isSafeInteger(value) ? { value: BigInt(value), type: duckdb.BIGINT } : { value };
  if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") return { value };
  if (value instanceof Date && !Number.isNaN(value.getTime()))
    return { value: new duckdb.DuckDBTimestampTZValue(BigInt(value.getTime()) * 1000n), type: duckdb.TIMESTAMPTZ };
  if (value instanceof Uint8Array) return { value: new duckdb.DuckDBBlobValue(value), type: duckdb.BLOB };
  if (Array.isArray(value)) return { value: new duckdb.DuckDBListValue(value.map((item) => boundValue(item, position).value)) };
  throw new IOError(
    "DUCKDB.VALUE",
    `Value ${position} of a statement is ${typeof value === "object" ? "an object" : `a ${typeof value}`}, which cannot be bound.`,
    {
      fix: "Give text, numbers, bigints, booleans, Dates, bytes or lists of them; an object as JSON text.",
    },
  );
}
