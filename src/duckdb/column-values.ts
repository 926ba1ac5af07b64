import type {
  DuckDBArrayType,
  DuckDBDataChunk,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBType,
  DuckDBUnionType,
  DuckDBValue,
} from "@duckdb/node-api";
import { IOError } from "../base/errors.js";
import { loadDuckDB } from "./process-database.js";
import type { ColumnReading } from "./relation-source.js";

/** Turns a value of DuckDB into the value that a row has. */
type Convert = (value: DuckDBValue) => unknown;

/** Reads one column of a result, chunk by chunk. */
export class ColumnReader {
  readonly #convert: Convert | undefined;

  constructor(
    readonly name: string,
    type: DuckDBType,
    reading: ColumnReading = {},
  ) {
    this.#convert = converter(type, { name, ...reading });
  }

  /** The column's values as rows have them; null where there is none. */
  values(chunk: DuckDBDataChunk, position: number): unknown[] {
    const values: unknown[] = chunk.getColumnValues(position);
    const convert = this.#convert;
    if (convert === undefined) return values;
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (value !== null) values[index] = convert(value as DuckDBValue);
    }
    return values;
  }
}

interface Named extends ColumnReading {
  readonly name: string;
}

/** `undefined`: the value is right as it comes. */
function converter(type: DuckDBType, column: Named): Convert | undefined {
  const { DuckDBTypeId: id } = loadDuckDB();
  switch (type.typeId) {
    case id.BIGINT:
    case id.UBIGINT:
    case id.HUGEINT:
    case id.UHUGEINT:
      return column.bigint ? undefined : (value) => exactNumber(value as bigint, column.name);
    case id.VARCHAR:
      return textConverter(type, column);
    case id.BLOB:
      return (value) => new Uint8Array((value as { bytes: Uint8Array }).bytes);
    case id.DATE:
      return dateText();
    case id.TIMESTAMP:
    case id.TIMESTAMP_TZ:
      return (value) => new Date(milliseconds((value as { micros: bigint }).micros, 1000n));
    case id.TIMESTAMP_NS:
      return (value) => new Date(milliseconds((value as { nanos: bigint }).nanos, 1_000_000n));
    case id.TIMESTAMP_MS:
      return (value) => new Date(Number((value as { millis: bigint }).millis));
    case id.TIMESTAMP_S:
      return (value) => new Date(Number((value as { seconds: bigint }).seconds) * 1000);
    default:
      return NUMBERS.has(id[type.typeId]) ? undefined : (nestedConverter(type, column) ?? String);
  }
}

const NUMBERS = new Set(["BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER", "FLOAT", "DOUBLE", "SQLNULL"]);

function nestedConverter(type: DuckDBType, column: Named): Convert | undefined {
  const { DuckDBTypeId: id } = loadDuckDB();
  switch (type.typeId) {
    case id.LIST:
    case id.ARRAY: {
      const item = orNull(converter((type as DuckDBListType | DuckDBArrayType).valueType, column));
      return (value) => (value as { items: readonly DuckDBValue[] }).items.map(item);
    }
    case id.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType;
      const fields = entryNames.map((name, index) => ({
        name,
        convert: orNull(converter(entryTypes[index] as DuckDBType, { ...column, name: `${column.name}.${name}` })),
      }));
      return (value) => {
        const { entries } = value as { entries: Readonly<Record<string, DuckDBValue>> };
        return Object.fromEntries(fields.map(({ name, convert }) => [name, convert(entries[name] ?? null)]));
      };
    }
    case id.MAP: {
      const { keyType, valueType } = type as DuckDBMapType;
      const [key, item] = [orNull(converter(keyType, column)), orNull(converter(valueType, column))];
      return (value) =>
        (value as { entries: readonly { key: DuckDBValue; value: DuckDBValue }[] }).entries.map((entry) => ({
          key: key(entry.key),
          value: item(entry.value),
        }));
    }
    case id.UNION: {
      const { memberTags, memberTypes } = type as DuckDBUnionType;
      const members = new Map(memberTags.map((tag, index) => [tag, orNull(converter(memberTypes[index] as DuckDBType, column))]));
      return (value) => {
        const { tag, value: member } = value as { tag: string; value: DuckDBValue };
        return members.get(tag)?.(member);
      };
    }
    default:
      return undefined;
  }
}

function orNull(convert: Convert = (value) => value): Convert {
  return (value) => (value === null ? null : convert(value));
}

function textConverter(type: DuckDBType, { name, fromText, bigint }: Named): Convert | undefined {
  const parse = fromText ?? (bigint ? BigInt : type.alias === "JSON" ? JSON.parse : undefined);
  if (parse === undefined) return undefined;
  return (value) => {
    try {
      return parse(value as string) as unknown;
    } catch (error) {
      throw new IOError("RELATION.TEXT", `Column "${name}" holds text that is not what a column of that name holds in what was stored.`, {
        fix: `Give it another name in the SQL: ... AS ${name}_text.`,
        cause: error,
      });
    }
  };
}

/** @throws IOError for a number that a JavaScript number would round */
function exactNumber(value: bigint, column: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new IOError("RELATION.WHOLE_NUMBER", `Column "${column}" holds ${value}, which a number cannot keep exactly.`, {
    fix: `Take it as bigint: relation.bigints("${column}"), or declare the column as bigint where it is stored.`,
  });
}

function milliseconds(value: bigint, perMillisecond: bigint): number {
  const whole = value / perMillisecond;
  return Number(value < 0n && whole * perMillisecond !== value ? whole - 1n : whole);
}

/** Days as text; a column has few that differ. */
function dateText(): Convert {
  const texts = new Map<number, string>();
  return (value) => {
    const { days } = value as { days: number };
    let text = texts.get(days);
    if (text === undefined) {
      text = String(value as { toString(): string });
      if (texts.size > 100_000) texts.clear();
      texts.set(days, text);
    }
    return text;
  };
}
