import type { Vector } from "@duckdb/node-bindings";
import type { ColumnShape } from "../../model/column-type.js";
import type { Bindings } from "./duckdb-read-vector.js";
import type { Cell } from "../rows/row-columns.js";
import type { VectorMemory } from "./vector-memory.js";

/** How cells lie in a vector: as their column's type says, or bigints that 64 bits cannot keep as text. */
export type VectorShape = ColumnShape | { readonly kind: "bigtext" };

/** Cells as a vector of DuckDB has them; copies them into one. */
export type EncodedVector = (bindings: Bindings, vector: Vector) => void;

/** A text is no Unicode, and a file would give back another. */
export class IllFormedText extends RangeError {
  constructor(
    /** Its place among the values. */
    readonly index: number,
  ) {
    super("half a character");
  }
}

/**
 * Lays cells out as DuckDB's vectors have them, whole columns at once: into a vector they are copied with one call. A call a value takes ten times as
 * long, and cells that wait as values are copied again and again by the garbage collector.
 * @throws {@link IllFormedText}
 */
export function encodeVector(shape: VectorShape, cells: readonly Cell[], memory: VectorMemory): EncodedVector {
  const values = encodeValues(shape, cells, memory);
  if (!cells.includes(null)) return values;
  const validity = encodeValidity(cells, memory);
  return (bindings, vector) => {
    values(bindings, vector);
    validity(bindings, vector);
  };
}

function encodeValues(shape: VectorShape, cells: readonly Cell[], memory: VectorMemory): EncodedVector {
  switch (shape.kind) {
    case "string":
    case "json":
      return encodeText(cells as readonly (string | null)[], memory);
    case "bigtext":
      return encodeText(
        cells.map((cell) => (cell === null ? null : String(cell as bigint))),
        memory,
      );
    case "bytes":
      return encodeBlobs(cells as readonly (Uint8Array | null)[], memory);
    case "list":
      return encodeLists(shape.of, cells as readonly (readonly Cell[] | null)[], memory);
    case "struct": {
      const children = shape.fields.map(({ of }, index) => {
        const parts = cells.map((cell) => (cell === null ? null : ((cell as readonly Cell[])[index] ?? null)));
        return encodeVector(of, parts, memory);
      });
      return (bindings, vector) => {
        for (const [index, child] of children.entries()) child(bindings, bindings.struct_vector_get_child(vector, index));
      };
    }
    case "decimal":
      return copied(decimals(shape.precision, cells as readonly (string | null)[], memory));
    default:
      return copied(fixed(shape.kind, cells, memory));
  }
}

function copied({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): EncodedVector {
  return (bindings, vector) => bindings.copy_data_to_vector(vector, 0, buffer, byteOffset, byteLength);
}

function fixed(
  kind: Exclude<VectorShape["kind"], "string" | "json" | "bigtext" | "bytes" | "list" | "struct" | "decimal">,
  cells: readonly Cell[],
  memory: VectorMemory,
): Uint8Array<ArrayBuffer> {
  const count = cells.length;
  const piece = memory.take(count * WIDTHS[kind]);
  const { buffer, byteOffset } = piece;
  switch (kind) {
    case "boolean":
      for (let i = 0; i < count; i++) piece[i] = cells[i] === true ? 1 : 0;
      break;
    case "float64": {
      const doubles = new Float64Array(buffer, byteOffset, count);
      for (let i = 0; i < count; i++) doubles[i] = cells[i] as number;
      break;
    }
    case "int32": {
      const ints = new Int32Array(buffer, byteOffset, count);
      for (let i = 0; i < count; i++) ints[i] = cells[i] as number;
      break;
    }
    case "date": {
      const days = new Int32Array(buffer, byteOffset, count);
      for (let i = 0; i < count; i++) days[i] = cells[i] === null ? 0 : Date.parse(`${cells[i] as string}T00:00:00Z`) / 86_400_000;
      break;
    }
    case "bigint": {
      const bigints = new BigInt64Array(buffer, byteOffset, count);
      for (let i = 0; i < count; i++) bigints[i] = (cells[i] ?? 0n) as bigint;
      break;
    }
    case "int64": {
      const halves = new Int32Array(buffer, byteOffset, count * 2);
      for (let i = 0; i < count; i++) setHalves(halves, i, (cells[i] ?? 0) as number);
      break;
    }
    case "time": {
      const halves = new Int32Array(buffer, byteOffset, count * 2);
      for (let i = 0; i < count; i++) setHalves(halves, i, cells[i] === null ? 0 : microsecondsOf(cells[i] as string));
      break;
    }
    case "timestamp":
    case "timestamptz": {
      const halves = new Int32Array(buffer, byteOffset, count * 2);
      const bigints = new BigInt64Array(buffer, byteOffset, count);
      for (let i = 0; i < count; i++) {
        const ms = (cells[i] ?? 0) as number;
        if (Math.abs(ms) < EXACT_MS) setHalves(halves, i, ms * 1000);
        else bigints[i] = BigInt(ms) * 1000n;
      }
    }
  }
  return piece;
}

function decimals(precision: number, cells: readonly (string | null)[], memory: VectorMemory): Uint8Array<ArrayBuffer> {
  const count = cells.length;
  const sizeBytes = precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16;
  const piece = memory.take(count * sizeBytes);
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  for (let i = 0; i < count; i++) {
    const scaled = BigInt(cells[i]?.replace(".", "") ?? 0);
    if (sizeBytes === 2) view.setInt16(i * 2, Number(scaled), true);
    else if (sizeBytes === 4) view.setInt32(i * 4, Number(scaled), true);
    else view.setBigInt64(i * sizeBytes, BigInt.asIntN(64, scaled), true);
    if (sizeBytes === 16) view.setBigInt64(i * 16 + 8, scaled >> 64n, true);
  }
  return piece;
}

function encodeLists(of: ColumnShape, cells: readonly (readonly Cell[] | null)[], memory: VectorMemory): EncodedVector {
  const places = memory.take(cells.length * 16);
  const entries = new BigUint64Array(places.buffer, places.byteOffset, cells.length * 2);
  const items: Cell[] = [];
  for (const [index, list] of cells.entries()) {
    entries[index * 2] = BigInt(items.length);
    entries[index * 2 + 1] = BigInt(list?.length ?? 0);
    for (const item of list ?? []) items.push(item);
  }
  const child = encodeVector(of, items, memory);
  const copy = copied(places);
  return (bindings, vector) => {
    bindings.list_vector_reserve(vector, items.length);
    bindings.list_vector_set_size(vector, items.length);
    child(bindings, bindings.list_vector_get_child(vector));
    copy(bindings, vector);
  };
}

function encodeText(cells: readonly (string | null)[], memory: VectorMemory): EncodedVector {
  let chars = 0;
  for (const cell of cells) chars += cell === null ? 0 : cell.length;
  if (chars > JOINED_CHARS) {
    refuseIllFormed(cells);
    return oneByOne(cells, memory, (cell) => Buffer.from(cell));
  }
  const room = memory.take(chars * 3);
  const { written: bytes } = utf8.encodeInto(cells.join(""), room);
  if (bytes !== chars) refuseIllFormed(cells);
  return encodeEntries(cells, memory.shorten(room, bytes), memory, bytes === chars ? lengthOf : Buffer.byteLength);
}

function encodeBlobs(cells: readonly (Uint8Array | null)[], memory: VectorMemory): EncodedVector {
  let sizeBytes = 0;
  for (const cell of cells) sizeBytes += cell?.byteLength ?? 0;
  if (sizeBytes > JOINED_CHARS) return oneByOne(cells, memory, (cell) => cell);
  const heap = memory.take(sizeBytes);
  let at = 0;
  for (const cell of cells) {
    if (cell === null) continue;
    heap.set(cell, at);
    at += cell.byteLength;
  }
  return encodeEntries(cells, heap, memory, lengthOf);
}

/**
 * Values that lie in the heap one behind the other. It goes over as one blob, into which the vector's entries then point: 16 bytes each, the length and up
 * to 12 bytes, or the first four and the address.
 */
function encodeEntries<T extends string | Uint8Array>(
  cells: readonly (T | null)[],
  heap: Uint8Array<ArrayBuffer>,
  memory: VectorMemory,
  sizeOf: (cell: T) => number,
): EncodedVector {
  const count = cells.length;
  const inline = memory.take(count * 16).fill(0);
  const words = new Uint32Array(inline.buffer, inline.byteOffset, count * 4);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const cell = cells[i] as T | null;
    if (cell === null) continue;
    const size = sizeOf(cell);
    words[i * 4] = size;
    if (size <= INLINE_BYTES) {
      for (let byte = 0; byte < size; byte++) inline[i * 16 + 4 + byte] = heap[at + byte] as number;
    } else {
      for (let byte = 0; byte < 4; byte++) inline[i * 16 + 4 + byte] = heap[at + byte] as number;
      words[i * 4 + 2] = at; // the address, when the heap has one
    }
    at += size;
  }
  const copy = copied(inline);
  if (heap.byteLength <= INLINE_BYTES) return copy;
  return (bindings, vector) => {
    const start = copyHeap(bindings, vector, heap);
    for (let i = 0; i < count; i++) {
      if ((words[i * 4] as number) <= INLINE_BYTES) continue;
      setHalves(words, i * 2 + 1, start + (words[i * 4 + 2] as number));
    }
    copy(bindings, vector);
  };
}

/** Copies the heap into memory that is the vector's own. @returns its address, of which a number holds every bit */
function copyHeap(bindings: Bindings, vector: Vector, heap: Uint8Array): number {
  bindings.vector_assign_string_element_len(vector, 0, heap);
  const entry = bindings.vector_get_data(vector, 16);
  const view = new DataView(entry.buffer, entry.byteOffset, 16);
  return view.getUint32(8, true) + view.getUint32(12, true) * WORD;
}

function oneByOne<T>(cells: readonly (T | null)[], memory: VectorMemory, bytesOf: (cell: T) => Uint8Array): EncodedVector {
  const pieces = cells.map((cell) => {
    if (cell === null) return undefined;
    const bytes = bytesOf(cell);
    const piece = memory.take(bytes.byteLength);
    piece.set(bytes);
    return piece;
  });
  return (bindings, vector) => {
    for (const [index, piece] of pieces.entries()) if (piece) bindings.vector_assign_string_element_len(vector, index, piece);
  };
}

function refuseIllFormed(cells: readonly (string | null)[]): void {
  const illFormed = cells.findIndex((cell) => cell !== null && LONE_SURROGATE.test(cell));
  if (illFormed >= 0) throw new IllFormedText(illFormed);
}

function encodeValidity(cells: readonly Cell[], memory: VectorMemory): EncodedVector {
  const piece = memory.take(Math.ceil(cells.length / 64) * 8).fill(0xff);
  for (let i = 0; i < cells.length; i++) if (cells[i] === null) piece[i >>> 3] = (piece[i >>> 3] as number) & ~(1 << (i & 7));
  return (bindings, vector) => {
    bindings.vector_ensure_validity_writable(vector);
    bindings.copy_data_to_vector_validity(vector, 0, piece.buffer, piece.byteOffset, piece.byteLength);
  };
}

const WIDTHS = { boolean: 1, int32: 4, date: 4, float64: 8, bigint: 8, int64: 8, time: 8, timestamp: 8, timestamptz: 8 } as const;

const utf8 = new TextEncoder();
const WORD = 2 ** 32;
const INLINE_BYTES = 12;
/** Milliseconds whose microseconds a number holds exactly. */
const EXACT_MS = Number.MAX_SAFE_INTEGER / 1000;
/** Longer text of one column in one batch goes over value by value. */
const JOINED_CHARS = 16 * 2 ** 20;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** 64 bits by halves: a BigInt for each takes five times as long, and a remainder of doubles three times. */
function setHalves(halves: Int32Array | Uint32Array, index: number, value: number): void {
  const high = Math.floor(value / WORD);
  halves[index * 2] = value - high * WORD;
  halves[index * 2 + 1] = high;
}

function lengthOf(cell: { readonly length: number }): number {
  return cell.length;
}

function microsecondsOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.slice(0, 8).split(":").map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + Number(time.slice(9).padEnd(6, "0"));
}
