import type { DuckDBDecimalType, DuckDBListType, DuckDBPreparedStatement, DuckDBStructType, DuckDBType } from "@duckdb/node-api";
import { IOError } from "../base/errors.js";
import { columnTypeText, type ColumnShape } from "../model/column-type.js";
import type { RowSchema } from "../model/row-schema.js";
import { loadDuckDB } from "./process-database.js";
import { Query } from "./query.js";
import type { Relation } from "./relation.js";
import { sqlName, sqlString } from "./sql-text.js";

/** A column as it was written, with the type that its rows have. */
export interface CopiedColumn {
  readonly name: string;
  readonly type: string;
}

/** How a result becomes a Parquet file. */
export interface CopyOptions {
  readonly path: string;
  readonly compression: string;
  /** The key-value metadata that tells of the columns. */
  readonly metadata: (columns: readonly CopiedColumn[]) => Readonly<Record<string, string>>;
}

/**
 * Writes the result of a relation to a Parquet file, by DuckDB alone: no row of it passes through JavaScript.
 * @throws IOError for a column of a type that rows cannot have, naming it
 */
export async function copyToParquet(
  relation: Relation<unknown>,
  { path, compression, metadata }: CopyOptions,
): Promise<{ rowCount: number; columns: CopiedColumn[] }> {
  const query = await Query.open(relation);
  try {
    const statement = await query.prepared();
    const columns = columnsOf(statement, query);
    statement.destroySync();
    const selected = columns.map(({ name, cast }) => `${sqlName(name)}${cast === undefined ? "" : `::${cast} AS ${sqlName(name)}`}`);
    const told = Object.entries(metadata(columns)).map(([key, value]) => `${sqlName(key)}: ${sqlString(value)}`);
    const options = `FORMAT parquet, COMPRESSION ${compression}, USE_TMP_FILE false, KV_METADATA {${told.join(", ")}}`;
    const result = await query.connection.run(
      `COPY (SELECT ${selected.join(", ")} FROM (\n${query.sql}\n)) TO ${sqlString(path)} (${options})`,
    );
    return { rowCount: Number(result.rowsChanged), columns: columns.map(({ name, type }) => ({ name, type })) };
  } catch (error) {
    throw query.explained(error);
  } finally {
    await query.close();
  }
}

/**
 * The columns of the relation's rows, as a row class would declare them; no row is read.
 * @throws IOError for a column of a type that rows cannot have, naming it
 */
export async function rowSchemaOf(relation: Relation<unknown>): Promise<RowSchema> {
  const query = await Query.open(relation);
  try {
    const statement = await query.prepared();
    const columns = columnsOf(statement, query);
    statement.destroySync();
    return { columns: columns.map(({ name, type }) => ({ name, type, nullable: true })) };
  } catch (error) {
    throw query.explained(error);
  } finally {
    await query.close();
  }
}

interface Selected extends CopiedColumn {
  /** What it is cast to on the way. */
  readonly cast?: string;
}

function columnsOf(statement: DuckDBPreparedStatement, { readings }: Query): Selected[] {
  return Array.from({ length: statement.columnCount }, (_, index) => {
    const name = statement.columnName(index);
    const reading = readings.get(name.toLowerCase());
    const { shape, cast } = storedAs(statement.columnType(index), name);
    const kind = reading?.bigint && (shape.kind === "int64" || shape.kind === "string") ? "bigint" : reading?.fromText ? "json" : undefined;
    return { name, type: kind ?? columnTypeText(shape), ...(cast === undefined ? {} : { cast }) };
  });
}

function storedAs(type: DuckDBType, column: string): { shape: ColumnShape; cast?: string } {
  const { DuckDBTypeId: id } = loadDuckDB();
  const simple = SIMPLE[id[type.typeId]];
  if (simple) return type.alias === "JSON" ? { shape: { kind: "json" } } : simple;
  if (type.typeId === id.DECIMAL) {
    const { width, scale } = type as DuckDBDecimalType;
    return { shape: { kind: "decimal", precision: width, scale } };
  }
  return { shape: nested(type, column) };
}

function nested(type: DuckDBType, column: string): ColumnShape {
  const { DuckDBTypeId: id } = loadDuckDB();
  const inner = (of: DuckDBType): ColumnShape => {
    const { shape, cast } = storedAs(of, column);
    if (cast === undefined) return shape;
    throw unlike(type, column);
  };
  if (type.typeId === id.LIST) return { kind: "list", of: inner((type as DuckDBListType).valueType) };
  if (type.typeId !== id.STRUCT) throw unlike(type, column);
  const { entryNames, entryTypes } = type as DuckDBStructType;
  return { kind: "struct", fields: entryNames.map((name, index) => ({ name, of: inner(entryTypes[index] as DuckDBType) })) };
}

function unlike(type: DuckDBType, column: string): IOError {
  return new IOError("RELATION.TYPE", `Column "${column}" of the query is ${String(type)}, a type that stored rows cannot have.`, {
    fix: `Cast it in the SQL, e.g. to JSON: to_json(${column}) AS ${column}.`,
  });
}

const INT32 = { shape: { kind: "int32" } } as const;
const INT64 = { shape: { kind: "int64" } } as const;
const TEXT = { shape: { kind: "string" } } as const;
const TIMESTAMP = { shape: { kind: "timestamp" } } as const;

/** Whole numbers of unlike widths, and what has no like, are cast; a number that does not fit is an error of DuckDB. */
const SIMPLE: Readonly<Record<string, { readonly shape: ColumnShape; readonly cast?: string }>> = {
  BOOLEAN: { shape: { kind: "boolean" } },
  TINYINT: { ...INT32, cast: "INTEGER" },
  SMALLINT: { ...INT32, cast: "INTEGER" },
  UTINYINT: { ...INT32, cast: "INTEGER" },
  USMALLINT: { ...INT32, cast: "INTEGER" },
  INTEGER: INT32,
  BIGINT: INT64,
  UINTEGER: { ...INT64, cast: "BIGINT" },
  UBIGINT: { ...INT64, cast: "BIGINT" },
  HUGEINT: { ...INT64, cast: "BIGINT" },
  UHUGEINT: { ...INT64, cast: "BIGINT" },
  FLOAT: { shape: { kind: "float64" }, cast: "DOUBLE" },
  DOUBLE: { shape: { kind: "float64" } },
  VARCHAR: TEXT,
  SQLNULL: { ...TEXT, cast: "VARCHAR" },
  UUID: { ...TEXT, cast: "VARCHAR" },
  ENUM: { ...TEXT, cast: "VARCHAR" },
  INTERVAL: { ...TEXT, cast: "VARCHAR" },
  TIME_TZ: { ...TEXT, cast: "VARCHAR" },
  BLOB: { shape: { kind: "bytes" } },
  DATE: { shape: { kind: "date" } },
  TIME: { shape: { kind: "time" } },
  TIMESTAMP,
  TIMESTAMP_MS: { ...TIMESTAMP, cast: "TIMESTAMP" },
  TIMESTAMP_S: { ...TIMESTAMP, cast: "TIMESTAMP" },
  TIMESTAMP_NS: { ...TIMESTAMP, cast: "TIMESTAMP" },
  TIMESTAMP_TZ: { shape: { kind: "timestamptz" } },
};
