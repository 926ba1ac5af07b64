import type { DataType, Decimal, Field, List, Struct, Table, Vector } from "apache-arrow";
import { loadArrow } from "../../duckdb/arrow-types.js";
import { ColumnBatch } from "../../model/column-batch.js";
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
