import type { Data, DataType } from "apache-arrow";
import type {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBType,
  DuckDBValue,
  DuckDBVector,
} from "@duckdb/node-api";
import { loadArrow } from "./arrow-types.js";
import { loadDuckDB } from "./process-database.js";

type Convert = (value: DuckDBValue) => unknown;

/** Copies lists, structs, and what Arrow has only text for, value by value. Moments within them are kept to the millisecond. */
export function nestedToArrow(type: DuckDBType, target: DataType): (vector: DuckDBVector, rowCount: number) => Data {
  const { vectorFromArray } = loadArrow();
  const convert = converter(type);
  return (vector, rowCount) => {
    const values = Array.from({ length: rowCount }, (_, row) => convert(vector.getItem(row)));
    return vectorFromArray(values, target).data[0] as Data;
  };
}

function converter(type: DuckDBType): Convert {
  const convert = ofValue(type);
  return (value) => (value === null ? null : convert(value));
}

function ofValue(type: DuckDBType): Convert {
  const { DuckDBTypeId: id } = loadDuckDB();
  switch (type.typeId) {
    case id.LIST:
    case id.ARRAY: {
      const item = converter((type as DuckDBListType | DuckDBArrayType).valueType);
      return (value) => (value as { items: readonly DuckDBValue[] }).items.map(item);
    }
    case id.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType;
      const converters = entryTypes.map(converter);
      return (value) => {
        const { entries } = value as { entries: Readonly<Record<string, DuckDBValue>> };
        return Object.fromEntries(entryNames.map((name, index) => [name, converters[index]?.(entries[name] ?? null)]));
      };
    }
    case id.MAP: {
      const { keyType, valueType } = type as DuckDBMapType;
      const [key, item] = [converter(keyType), converter(valueType)];
      return (value) =>
        (value as { entries: readonly { key: DuckDBValue; value: DuckDBValue }[] }).entries.map((entry) => ({
          key: key(entry.key),
          value: item(entry.value),
        }));
    }
    default:
      return SCALARS[id[type.typeId]] ?? String;
  }
}

const same: Convert = (value) => value;
const milliseconds = (divisor: bigint, value: bigint) => Number(value / divisor);

const SCALARS: Readonly<Record<string, Convert>> = {
  BOOLEAN: same,
  TINYINT: same,
  SMALLINT: same,
  INTEGER: same,
  BIGINT: same,
  UTINYINT: same,
  USMALLINT: same,
  UINTEGER: same,
  UBIGINT: same,
  FLOAT: same,
  DOUBLE: same,
  VARCHAR: same,
  BLOB: (value) => (value as { bytes: Uint8Array }).bytes,
  DATE: (value) => (value as { days: number }).days * 86_400_000,
  TIME: (value) => (value as { micros: bigint }).micros,
  TIMESTAMP: (value) => milliseconds(1000n, (value as { micros: bigint }).micros),
  TIMESTAMP_TZ: (value) => milliseconds(1000n, (value as { micros: bigint }).micros),
  TIMESTAMP_NS: (value) => milliseconds(1_000_000n, (value as { nanos: bigint }).nanos),
  TIMESTAMP_MS: (value) => Number((value as { millis: bigint }).millis),
  TIMESTAMP_S: (value) => Number((value as { seconds: bigint }).seconds) * 1000,
  DECIMAL: (value) => decimalWords((value as { value: bigint }).value),
};

function decimalWords(value: bigint): Uint32Array {
  return new Uint32Array(new BigInt64Array([BigInt.asIntN(64, value), value >> 64n]).buffer);
}
