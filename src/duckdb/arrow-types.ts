import type { DataType } from "apache-arrow";
import type { DuckDBDecimalType, DuckDBListType, DuckDBMapType, DuckDBStructType, DuckDBType } from "@duckdb/node-api";
import { loadDuckDB } from "./process-database.js";

export type Arrow = typeof import("apache-arrow");

/** apache-arrow, loaded when a table of it is made or taken for the first time. */
export function loadArrow(): Arrow {
  return require("apache-arrow") as Arrow;
}

/** The type of Arrow that keeps every value of a type of DuckDB; text for those that Arrow has no like of. */
export function arrowTypeOf(type: DuckDBType): DataType {
  const arrow = loadArrow();
  const { DuckDBTypeId: id } = loadDuckDB();
  switch (type.typeId) {
    case id.DECIMAL: {
      const { width, scale } = type as DuckDBDecimalType;
      return new arrow.Decimal(scale, width, 128);
    }
    case id.TIMESTAMP_TZ:
      return new arrow.TimestampMicrosecond("UTC");
    case id.LIST:
    case id.ARRAY:
      return new arrow.List(new arrow.Field("item", arrowTypeOf((type as DuckDBListType).valueType), true));
    case id.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType;
      return new arrow.Struct(entryNames.map((name, index) => new arrow.Field(name, arrowTypeOf(entryTypes[index] as DuckDBType), true)));
    }
    case id.MAP: {
      const { keyType, valueType } = type as DuckDBMapType;
      const entry = [new arrow.Field("key", arrowTypeOf(keyType), false), new arrow.Field("value", arrowTypeOf(valueType), true)];
      return new arrow.List(new arrow.Field("item", new arrow.Struct(entry), true));
    }
    default: {
      const simple = SIMPLE[id[type.typeId]];
      return simple === undefined ? new arrow.Utf8() : simple(arrow);
    }
  }
}

const SIMPLE: Readonly<Record<string, (arrow: Arrow) => DataType>> = {
  BOOLEAN: (arrow) => new arrow.Bool(),
  TINYINT: (arrow) => new arrow.Int8(),
  SMALLINT: (arrow) => new arrow.Int16(),
  INTEGER: (arrow) => new arrow.Int32(),
  BIGINT: (arrow) => new arrow.Int64(),
  UTINYINT: (arrow) => new arrow.Uint8(),
  USMALLINT: (arrow) => new arrow.Uint16(),
  UINTEGER: (arrow) => new arrow.Uint32(),
  UBIGINT: (arrow) => new arrow.Uint64(),
  FLOAT: (arrow) => new arrow.Float32(),
  DOUBLE: (arrow) => new arrow.Float64(),
  TIMESTAMP: (arrow) => new arrow.TimestampMicrosecond(),
  TIMESTAMP_MS: (arrow) => new arrow.TimestampMillisecond(),
  TIMESTAMP_S: (arrow) => new arrow.TimestampSecond(),
  TIMESTAMP_NS: (arrow) => new arrow.TimestampNanosecond(),
  DATE: (arrow) => new arrow.DateDay(),
  TIME: (arrow) => new arrow.TimeMicrosecond(),
  BLOB: (arrow) => new arrow.Binary(),
};
