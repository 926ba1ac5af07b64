import { createRequire } from "node:module";
import type { Data, DataType } from "apache-arrow";
import type { DuckDBDecimalValue, DuckDBType, DuckDBVector } from "@duckdb/node-api";
import { nestedToArrow } from "./arrow-nested.js";
import { arrowTypeOf, loadArrow } from "./arrow-types.js";
import { loadDuckDB } from "./process-database.js";

/** Copies a column of a chunk into Arrow's memory. */
export type ArrowCopy = (vector: DuckDBVector, rowCount: number) => Data;

/** Where a vector has its memory. The classes say it to the compiler only; the version of the package is pinned, and a test compares every type. */
interface VectorMemory {
  readonly items: Int32Array;
  readonly dataView: DataView;
  readonly validity: { readonly data: BigUint64Array | null };
}

type FixedBuffers = { readonly data: ArrayBufferView; readonly valueOffsets?: Int32Array };

/** The type in Arrow, and how a column gets there; its values become none of JavaScript's on the way, unless they are nested. */
export function toArrow(type: DuckDBType): { readonly type: DataType; readonly copy: ArrowCopy } {
  const target = arrowTypeOf(type);
  const buffers = BUFFERS[loadDuckDB().DuckDBTypeId[type.typeId]];
  if (buffers === undefined) return { type: target, copy: nestedToArrow(type, target) };
  const { makeData } = loadArrow();
  const copy: ArrowCopy = (vector, rowCount) => {
    const memory = vector as unknown as VectorMemory;
    const props = { type: target, length: rowCount, ...nulls(memory, rowCount), ...buffers(memory, rowCount, vector) };
    return makeData(props as unknown as Parameters<typeof makeData>[0]) as Data;
  };
  return { type: target, copy };
}

const copied = ({ items }: VectorMemory): FixedBuffers => ({ data: items.slice() });

const BUFFERS: Readonly<Record<string, (memory: VectorMemory, rowCount: number, vector: DuckDBVector) => FixedBuffers>> = {
  TINYINT: copied,
  SMALLINT: copied,
  INTEGER: copied,
  BIGINT: copied,
  UTINYINT: copied,
  USMALLINT: copied,
  UINTEGER: copied,
  UBIGINT: copied,
  FLOAT: copied,
  DOUBLE: copied,
  TIMESTAMP: copied,
  TIMESTAMP_TZ: copied,
  TIMESTAMP_MS: copied,
  TIMESTAMP_S: copied,
  TIMESTAMP_NS: copied,
  DATE: copied,
  TIME: copied,
  BOOLEAN: ({ dataView }, rowCount) => ({ data: bits(dataView, rowCount) }),
  DECIMAL: (_, rowCount, vector) => ({ data: decimals(vector, rowCount) }),
  VARCHAR: strings,
  BLOB: strings,
};

/** Arrow's bitmap is DuckDB's, byte by byte. */
function nulls({ validity }: VectorMemory, rowCount: number): { nullBitmap?: Uint8Array; nullCount: number } {
  if (validity.data === null) return { nullCount: 0 };
  const { buffer, byteOffset } = validity.data;
  return { nullBitmap: new Uint8Array(buffer, byteOffset, Math.ceil(rowCount / 8)).slice(), nullCount: -1 };
}

function bits(booleans: DataView, rowCount: number): Uint8Array {
  const packed = new Uint8Array(Math.ceil(rowCount / 8));
  for (let row = 0; row < rowCount; row++) if (booleans.getUint8(row) !== 0) packed[row >> 3] = (packed[row >> 3] ?? 0) | (1 << (row & 7));
  return packed;
}

/** The scaled value in 128 bits, the lowest first. */
function decimals(vector: DuckDBVector, rowCount: number): Uint32Array {
  const words = new BigInt64Array(rowCount * 2);
  for (let row = 0; row < rowCount; row++) {
    const decimal = vector.getItem(row) as DuckDBDecimalValue | null;
    if (decimal === null) continue;
    words[row * 2] = BigInt.asIntN(64, decimal.value);
    words[row * 2 + 1] = decimal.value >> 64n;
  }
  return new Uint32Array(words.buffer);
}

const INLINE_BYTES = 12; // of a string of DuckDB: 4 bytes of length, then the text itself or 4 of its bytes and where it lies
type BytesAt = (buffer: ArrayBufferLike, pointerAt: number, byteCount: number) => Uint8Array;
let bytesAt: BytesAt | undefined;

function strings({ dataView, validity }: VectorMemory, rowCount: number): FixedBuffers {
  const { buffer, byteOffset } = dataView;
  const valueOffsets = new Int32Array(rowCount + 1);
  const isNull = validity.data === null ? undefined : new Uint8Array(validity.data.buffer, validity.data.byteOffset);
  const byteCount = (row: number) =>
    isNull && ((isNull[row >> 3] ?? 0) & (1 << (row & 7))) === 0 ? 0 : dataView.getUint32(row * 16, true);
  let end = 0;
  for (let row = 0; row < rowCount; row++) valueOffsets[row + 1] = end += byteCount(row);
  const data = new Uint8Array(end);
  const source = new Uint8Array(buffer, byteOffset, rowCount * 16);
  const far = new FarText(data);
  for (let row = 0; row < rowCount; row++) {
    const start = valueOffsets[row] ?? 0;
    const length = (valueOffsets[row + 1] ?? 0) - start;
    if (length > INLINE_BYTES) far.add(Number(dataView.getBigUint64(row * 16 + 8, true)), length, start);
    else for (let byte = 0; byte < length; byte++) data[start + byte] = source[row * 16 + 4 + byte] ?? 0;
  }
  far.take();
  return { data, valueOffsets };
}

/** Memory is mapped by pages of at least so much: between two addresses that lie nearer there is no hole. */
const PAGE_BYTES = 4096;

/** Text that lies elsewhere: what follows each other in memory is read together, since a call for each takes ten times as long. */
class FarText {
  readonly #addresses: number[] = [];
  readonly #lengths: number[] = [];
  readonly #places: number[] = [];
  #end = 0;

  constructor(private readonly data: Uint8Array) {}

  add(address: number, length: number, place: number): void {
    const gap = address - this.#end;
    if (this.#addresses.length > 0 && (gap < 0 || gap >= PAGE_BYTES)) this.take();
    this.#addresses.push(address);
    this.#lengths.push(length);
    this.#places.push(place);
    this.#end = address + length;
  }

  take(): void {
    const { data } = this;
    const [start] = this.#addresses;
    if (start === undefined) return;
    const pointer = new BigUint64Array([BigInt(start)]).buffer;
    const bytes = (bytesAt ??= loadBytesAt())(pointer, 0, this.#end - start);
    for (let piece = 0; piece < this.#addresses.length; piece++) {
      const from = (this.#addresses[piece] ?? 0) - start;
      const length = this.#lengths[piece] ?? 0;
      const place = this.#places[piece] ?? 0;
      if (length > LOOP_BYTES) data.set(bytes.subarray(from, from + length), place);
      else for (let byte = 0; byte < length; byte++) data[place + byte] = bytes[from + byte] ?? 0;
    }
    this.#addresses.length = this.#lengths.length = this.#places.length = 0;
  }
}

/** Up to here a loop is faster than a call. */
const LOOP_BYTES = 64;

/** The package below the package, which alone follows pointers. */
function loadBytesAt(): BytesAt {
  const below = createRequire(require.resolve("@duckdb/node-api"));
  return (below("@duckdb/node-bindings") as { get_data_from_pointer: BytesAt }).get_data_from_pointer;
}
