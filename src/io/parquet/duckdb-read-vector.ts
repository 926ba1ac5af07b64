import type { DuckDBDecimalType, DuckDBListType, DuckDBMapType, DuckDBStructType, DuckDBType } from "@duckdb/node-api";
import type { Vector } from "@duckdb/node-bindings";
import type { DuckDB } from "../../duckdb/process-database.js";
import type { ColumnShape } from "../../model/column-type.js";
import { TextVectors } from "./duckdb-text-vector.js";
import { rowMaker } from "../rows/row-shape.js";
import { decodeTagged } from "../tagged-json.js";

export type Bindings = typeof import("@duckdb/node-bindings");

/** Reads as many values of a vector, null where there is none: a typed array where all are numbers. */
export type VectorReader = (vector: Vector, count: number) => ArrayLike<unknown>;

/** What the values of a column were when they were written; of a file that does not say: `undefined`. */
export type Wanted = ColumnShape | undefined;

/**
 * Makes the readers of DuckDB's vectors. Without more knowledge 64 bits are bigints, dates, times and decimals text, moments a `Date`, lists arrays, structs
 * objects, and maps arrays of `{ key, value }`. Vectors are read in place, whole columns at once; a call a value takes five to ten times as long.
 */
export class VectorReaders {
  constructor(
    private readonly duckdb: DuckDB,
    private readonly bindings: Bindings,
  ) {}

  /** The type in which values of this one are read: itself, or with text for what is read as text only. */
  readable(type: DuckDBType): DuckDBType {
    const { DuckDBTypeId: id, LIST, MAP, VARCHAR, TIMESTAMP } = this.duckdb;
    switch (type.typeId) {
      case id.LIST:
        return LIST(this.readable((type as DuckDBListType).valueType));
      case id.STRUCT: {
        const { entryNames, entryTypes } = type as DuckDBStructType;
        return new this.duckdb.DuckDBStructType(
          entryNames,
          entryTypes.map((entryType) => this.readable(entryType)),
        );
      }
      case id.MAP:
        return MAP(this.readable((type as DuckDBMapType).keyType), this.readable((type as DuckDBMapType).valueType));
      case id.TIMESTAMP_S:
      case id.TIMESTAMP_MS:
      case id.TIMESTAMP_NS:
        return TIMESTAMP;
      case id.DECIMAL:
        return type;
      default:
        return this.fixed(type) || type.typeId === id.BLOB ? type : VARCHAR;
    }
  }

  /** @param type - one that {@link readable} gave */
  of(type: DuckDBType, wanted: Wanted): VectorReader {
    const { DuckDBTypeId: id } = this.duckdb;
    switch (type.typeId) {
      case id.LIST:
        return this.lists((type as DuckDBListType).valueType, wanted);
      case id.STRUCT:
        return this.structs(type as DuckDBStructType, wanted);
      case id.MAP:
        return this.maps(type as DuckDBMapType);
      case id.DECIMAL:
        return this.decimals(type as DuckDBDecimalType);
      case id.BLOB:
        return this.texts("bytes");
      case id.BIGINT:
        return wanted?.kind === "int64" || wanted?.kind === "int32" || wanted?.kind === "float64"
          ? this.longs((low, high) => high * WORD + low)
          : this.bigints(false);
      default:
        return this.fixed(type) ?? this.textReader(wanted);
    }
  }

  private textReader(wanted: Wanted): VectorReader {
    const from = wanted?.kind === "json" ? decodeTagged : wanted?.kind === "bigint" ? BigInt : undefined;
    const read = this.texts("text");
    return from === undefined
      ? read
      : (vector, count) => Array.from(read(vector, count), (text) => (text === null ? null : from(text as string)));
  }

  private fixed(type: DuckDBType): VectorReader | undefined {
    const { DuckDBTypeId: id } = this.duckdb;
    switch (type.typeId) {
      case id.BOOLEAN:
        return this.booleans;
      case id.TINYINT:
        return this.numbers(1, (buffer, at, count) => new Int8Array(buffer, at, count));
      case id.SMALLINT:
        return this.numbers(2, (buffer, at, count) => new Int16Array(buffer, at, count));
      case id.INTEGER:
        return this.numbers(4, (buffer, at, count) => new Int32Array(buffer, at, count));
      case id.UTINYINT:
        return this.numbers(1, (buffer, at, count) => new Uint8Array(buffer, at, count));
      case id.USMALLINT:
        return this.numbers(2, (buffer, at, count) => new Uint16Array(buffer, at, count));
      case id.UINTEGER:
        return this.numbers(4, (buffer, at, count) => new Uint32Array(buffer, at, count));
      case id.FLOAT:
        return this.numbers(4, (buffer, at, count) => new Float32Array(buffer, at, count));
      case id.DOUBLE:
        return this.numbers(8, (buffer, at, count) => new Float64Array(buffer, at, count));
      case id.BIGINT:
        return this.bigints(false);
      case id.UBIGINT:
        return this.bigints(true);
      case id.DATE:
        return this.days;
      case id.TIME:
        return this.longs((low, high) => timeText(high * WORD + low));
      case id.TIMESTAMP:
      case id.TIMESTAMP_TZ:
        return this.longs((low, high) => new Date(millisecondsOf(low, high)));
      default:
        return undefined;
    }
  }

  private readonly booleans: VectorReader = (vector, count) => {
    const bytes = this.bytes(vector, count);
    const valid = this.validity(vector, count);
    const values = new Array<boolean | null>(count);
    for (let i = 0; i < count; i++) values[i] = isNull(valid, i) ? null : bytes[i] !== 0;
    return values;
  };

  private readonly days: VectorReader = (vector, count) => {
    const bytes = this.bytes(vector, count * 4);
    const days = new Int32Array(bytes.buffer, bytes.byteOffset, count);
    const valid = this.validity(vector, count);
    const texts = new Map<number, string>();
    return Array.from({ length: count }, (_, i) => {
      if (isNull(valid, i)) return null;
      const day = days[i] as number;
      const text = texts.get(day) ?? dayText(day);
      texts.set(day, text);
      return text;
    });
  };

  /** The memory is DuckDB's own and goes with the chunk: values without null are copied in one piece. */
  private numbers(sizeBytes: number, view: (buffer: ArrayBufferLike, at: number, count: number) => Numbers): VectorReader {
    return (vector, count) => {
      const bytes = this.bytes(vector, count * sizeBytes);
      const numbers = view(bytes.buffer, bytes.byteOffset, count);
      const valid = this.validity(vector, count);
      if (valid === undefined) return numbers.slice();
      const values = new Array<number | null>(count);
      for (let i = 0; i < count; i++) values[i] = isNull(valid, i) ? null : (numbers[i] as number);
      return values;
    };
  }

  private bigints(unsigned: boolean): VectorReader {
    return (vector, count) => {
      const bytes = this.bytes(vector, count * 8);
      const bigints = unsigned
        ? new BigUint64Array(bytes.buffer, bytes.byteOffset, count)
        : new BigInt64Array(bytes.buffer, bytes.byteOffset, count);
      const valid = this.validity(vector, count);
      const values = new Array<bigint | null>(count);
      for (let i = 0; i < count; i++) values[i] = isNull(valid, i) ? null : (bigints[i] as bigint);
      return values;
    };
  }

  /** 64 bits by halves, the lower one unsigned. */
  private longs<T>(from: (low: number, high: number) => T): VectorReader {
    return (vector, count) => {
      const bytes = this.bytes(vector, count * 8);
      const halves = new Int32Array(bytes.buffer, bytes.byteOffset, count * 2);
      const valid = this.validity(vector, count);
      const values = new Array<T | null>(count);
      for (let i = 0; i < count; i++)
        values[i] = isNull(valid, i) ? null : from((halves[i * 2] as number) >>> 0, halves[i * 2 + 1] as number);
      return values;
    };
  }

  private decimals({ width, scale }: DuckDBDecimalType): VectorReader {
    const sizeBytes = width <= 4 ? 2 : width <= 9 ? 4 : width <= 18 ? 8 : 16;
    return (vector, count) => {
      const bytes = this.bytes(vector, count * sizeBytes);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const valid = this.validity(vector, count);
      return Array.from({ length: count }, (_, i) => (isNull(valid, i) ? null : decimalText(scaledAt(view, i, sizeBytes), scale)));
    };
  }

  private lists(itemType: DuckDBType, wanted: Wanted): VectorReader {
    const read = this.of(itemType, wanted?.kind === "list" ? wanted.of : undefined);
    return (vector, count) => {
      const items = read(this.bindings.list_vector_get_child(vector), this.bindings.list_vector_get_size(vector));
      return this.slices(vector, count, (start, end) => Array.prototype.slice.call(items, start, end) as unknown[]);
    };
  }

  private maps({ keyType, valueType }: DuckDBMapType): VectorReader {
    const [readKey, readValue] = [this.of(keyType, undefined), this.of(valueType, undefined)];
    return (vector, count) => {
      const entries = this.bindings.list_vector_get_child(vector);
      const size = this.bindings.list_vector_get_size(vector);
      const keys = readKey(this.bindings.struct_vector_get_child(entries, 0), size);
      const values = readValue(this.bindings.struct_vector_get_child(entries, 1), size);
      return this.slices(vector, count, (start, end) =>
        Array.from({ length: end - start }, (_, i) => ({ key: keys[start + i], value: values[start + i] })),
      );
    };
  }

  private slices<T>(vector: Vector, count: number, slice: (start: number, end: number) => T): (T | null)[] {
    const bytes = this.bytes(vector, count * 16);
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, count * 4);
    const valid = this.validity(vector, count);
    return Array.from({ length: count }, (_, i) => {
      if (isNull(valid, i)) return null;
      const start = words[i * 4] as number;
      return slice(start, start + (words[i * 4 + 2] as number));
    });
  }

  private structs({ entryNames, entryTypes }: DuckDBStructType, wanted: Wanted): VectorReader {
    const fields = wanted?.kind === "struct" ? wanted.fields : [];
    const names = entryNames.map((name, index) => fields[index]?.name ?? name);
    const readers = entryTypes.map((type, index) => this.of(type, fields[index]?.of));
    const make = rowMaker(names);
    return (vector, count) => {
      const columns = readers.map((read, index) => read(this.bindings.struct_vector_get_child(vector, index), count));
      const structs = make(count, columns);
      const valid = this.validity(vector, count);
      return valid === undefined ? structs : structs.map((struct, i) => (isNull(valid, i) ? null : struct));
    };
  }

  private texts(as: "text" | "bytes"): VectorReader {
    const vectors = new TextVectors(this.bindings, as);
    return (vector, count) => vectors.read(this.bytes(vector, count * 16), this.validity(vector, count));
  }

  private bytes(vector: Vector, sizeBytes: number): Uint8Array {
    return sizeBytes === 0 ? NONE : this.bindings.vector_get_data(vector, sizeBytes);
  }

  /** Bits, set where there is a value; `undefined`: everywhere. */
  private validity(vector: Vector, count: number): Uint32Array | undefined {
    if (count === 0) return undefined;
    const words = Math.ceil(count / 64) * 2;
    // The binding gives null where no value is missing, whatever its type says.
    const bytes = this.bindings.vector_get_validity(vector, words * 4) as Uint8Array | null;
    return bytes === null ? undefined : new Uint32Array(bytes.buffer, bytes.byteOffset, words);
  }
}

type Numbers = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

const NONE = new Uint8Array(0);
const WORD = 2 ** 32;
/** Upper halves of microseconds that a number holds exactly. */
const EXACT_HIGH = 2 ** 21;

function isNull(valid: Uint32Array | undefined, index: number): boolean {
  return valid !== undefined && ((valid[index >>> 5] as number) & (1 << (index & 31))) === 0;
}

function millisecondsOf(low: number, high: number): number {
  if (high < EXACT_HIGH && high >= -EXACT_HIGH) return Math.floor((high * WORD + low) / 1000);
  const micros = (BigInt(high) << 32n) | BigInt(low);
  return Number(micros / 1000n) - (micros < 0n && micros % 1000n !== 0n ? 1 : 0);
}

function dayText(day: number): string {
  const date = new Date(day * 86_400_000);
  return Number.isNaN(date.getTime()) ? String(day) : date.toISOString().replace(/T.*/, "");
}

function timeText(micros: number): string {
  const text = new Date(Math.floor(micros / 1000)).toISOString().slice(11, 19);
  const fraction = micros % 1_000_000;
  return fraction === 0 ? text : `${text}.${String(fraction).padStart(6, "0")}`;
}

function scaledAt(view: DataView, index: number, sizeBytes: number): bigint {
  if (sizeBytes === 2) return BigInt(view.getInt16(index * 2, true));
  if (sizeBytes === 4) return BigInt(view.getInt32(index * 4, true));
  if (sizeBytes === 8) return view.getBigInt64(index * 8, true);
  return (view.getBigInt64(index * 16 + 8, true) << 64n) | view.getBigUint64(index * 16, true);
}

function decimalText(scaled: bigint, scale: number): string {
  if (scale === 0) return String(scaled);
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(scale + 1, "0");
  return `${scaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
