import type { DataType, Decimal, Field, List, Struct, Table, Vector } from "apache-arrow";
import { loadArrow } from "../../duckdb/arrow-types.js";
import { ColumnBatch } from "../../model/column-batch.js";
import { columnTypeText, type ColumnShape } from "../../model/column-type.js";
import type { RowSchema } from "../../model/row-schema.js";
import { BATCH_ROWS } from "./row-codec.js";

type Convert = (value: unknown) => unknown;

/**
 * The rows of a table of apache-arrow, in batches. A column of 64-bit whole numbers gives numbers where every one is exact, else bigints; decimals, dates and
 * times are text, timestamps `Date`s.
 */
export async function* arrowRowBatches(table: Table): AsyncGenerator<object[]> {
  for await (const batch of arrowColumnBatches(table)) yield batch.toRows();
}

/** The same column by column. */
export async function* arrowColumnBatches(table: Table): AsyncGenerator<ColumnBatch> {
  const columns = table.schema.fields.map((field, index) => {
    const vector = table.getChildAt(index) as Vector;
    return { name: field.name, vector, convert: orNull(ofField(field, vector)) };
  });
  for (let start = 0; start < table.numRows; start += BATCH_ROWS) {
    const length = Math.min(BATCH_ROWS, table.numRows - start);
    const values = columns.map(({ name, vector, convert }) => {
      const part = vector.slice(start, start + length);
      return [name, Array.from({ length }, (_, row) => convert(part.get(row)))] as const;
    });
    yield await Promise.resolve(new ColumnBatch(Object.fromEntries(values), length));
  }
}

/** The columns of the table as a row class would declare them; `undefined` where one has a type that no column can be declared with. */
export function arrowSchema(table: Table): RowSchema | undefined {
  const columns = table.schema.fields.map(({ name, type, nullable }, index) => {
    const vector = table.getChildAt(index) as Vector;
    const shape = isWide(type) && fitsNumbers(vector) ? ({ kind: "int64" } as const) : shapeOf(type);
    return shape && { name, type: columnTypeText(shape), nullable: nullable || vector.nullCount > 0 };
  });
  return columns.every((column) => column !== undefined) ? { columns } : undefined;
}

function shapeOf(type: DataType): ColumnShape | undefined {
  const { DataType: is } = loadArrow();
  if (is.isInt(type)) {
    if (type.bitWidth === 64) return type.isSigned ? { kind: "bigint" } : undefined;
    return { kind: type.bitWidth === 32 && !type.isSigned ? "int64" : "int32" };
  }
  if (is.isDecimal(type))
    return type.precision > MOST_DIGITS ? undefined : { kind: "decimal", precision: type.precision, scale: type.scale };
  if (is.isTimestamp(type)) return { kind: type.timezone ? "timestamptz" : "timestamp" };
  if (is.isFloat(type)) return { kind: "float64" };
  if (is.isBool(type)) return { kind: "boolean" };
  if (is.isUtf8(type) || is.isLargeUtf8(type) || is.isNull(type)) return { kind: "string" };
  if (is.isDate(type)) return { kind: "date" };
  if (is.isTime(type)) return { kind: "time" };
  if (is.isBinary(type) || is.isLargeBinary(type) || is.isFixedSizeBinary(type)) return { kind: "bytes" };
  if (is.isDictionary(type)) return shapeOf(type.dictionary);
  if (is.isList(type) || is.isFixedSizeList(type) || is.isMap(type)) {
    const of = shapeOf((type as List).children[0]?.type as DataType);
    return of && { kind: "list", of };
  }
  if (!is.isStruct(type)) return undefined;
  const fields = (type as Struct).children.map(({ name, type: of }) => ({ name, of: shapeOf(of) }));
  return fields.every(hasShape) ? { kind: "struct", fields } : undefined;
}

function hasShape<F extends { readonly of: ColumnShape | undefined }>(field: F): field is F & { readonly of: ColumnShape } {
  return field.of !== undefined;
}

/** Of a decimal that 128 bits hold. */
const MOST_DIGITS = 38;

function ofField({ type }: Field, vector: Vector): Convert {
  if (isWide(type) && fitsNumbers(vector)) return Number;
  return converter(type);
}

function isWide(type: DataType): boolean {
  return loadArrow().DataType.isInt(type) && type.bitWidth === 64;
}

function fitsNumbers(vector: Vector): boolean {
  return vector.data.every((data) => {
    const values = data.values as BigInt64Array | BigUint64Array;
    for (let row = 0; row < data.length; row++)
      if (data.getValid(row) && !Number.isSafeInteger(Number(values[row] as bigint))) return false;
    return true;
  });
}

function orNull(convert: Convert): Convert {
  return (value) => (value === null || value === undefined ? null : convert(value));
}

function converter(type: DataType): Convert {
  const { DataType: is } = loadArrow();
  if (is.isTimestamp(type)) return (value) => new Date(value as number);
  if (is.isDate(type)) return (value) => new Date(value as number).toISOString().slice(0, 10);
  if (is.isTime(type)) return timeText(type.unit);
  if (is.isDecimal(type)) return decimalText(type);
  if (is.isBinary(type) || is.isLargeBinary(type) || is.isFixedSizeBinary(type)) return (value) => new Uint8Array(value as Uint8Array);
  if (is.isDictionary(type)) return converter(type.dictionary);
  if (is.isMap(type)) return (value) => [...(value as Iterable<[unknown, unknown]>)].map(([key, item]) => ({ key, value: item }));
  if (is.isList(type) || is.isFixedSizeList(type)) {
    const item = orNull(converter((type as List).children[0]?.type as DataType));
    return (value) => [...(value as Iterable<unknown>)].map(item);
  }
  if (is.isStruct(type)) return structOf(type as Struct);
  return (value) => value;
}

function structOf({ children }: Struct): Convert {
  const fields = children.map(({ name, type }) => ({ name, convert: orNull(converter(type)) }));
  return (value) => Object.fromEntries(fields.map(({ name, convert }) => [name, convert((value as Record<string, unknown>)[name])]));
}

const PER_SECOND = [1n, 1000n, 1_000_000n, 1_000_000_000n];

function timeText(unit: number): Convert {
  const perSecond = PER_SECOND[unit] ?? 1n;
  return (value) => {
    const count = BigInt(value as number | bigint);
    const time = new Date(Number(count / perSecond) * 1000).toISOString().slice(11, 19);
    const fraction = ((count % perSecond) * 1_000_000_000n) / perSecond;
    return fraction === 0n ? time : `${time}.${String(fraction).padStart(9, "0").replace(/0+$/, "")}`;
  };
}

function decimalText({ scale }: Decimal): Convert {
  return (value) => {
    const words = value as Uint32Array;
    const scaled = BigInt.asIntN(
      words.length * 32,
      words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n),
    );
    const digits = String(scaled < 0n ? -scaled : scaled).padStart(scale + 1, "0");
    const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
    return scaled < 0n ? `-${text}` : text;
  };
}
