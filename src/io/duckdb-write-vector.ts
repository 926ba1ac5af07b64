import type { Vector } from "@duckdb/node-bindings";
import type { ColumnShape } from "../model/column-type.js";
import type { Bindings } from "./duckdb-read-vector.js";
import type { Cell } from "./row-columns.js";

/** How cells lie in a vector: as their column's type says, or bigints that 64 bits cannot keep as text. */
export type VectorShape = ColumnShape | { readonly kind: "bigtext" };

/** The cells of a column; numbers without null may lie in a typed array. */
export type ColumnCells = readonly Cell[] | Float64Array;

/** A text is no Unicode, and a file would give back another. */
export class IllFormedText extends RangeError {
  constructor(
    /** Its place among the values. */
    readonly index: number,
    /** Its column's. */
    readonly column = -1,
  ) {
    super("half a character");
  }
}

/**
 * Writes cells into DuckDB's vectors, whole columns at once: the bytes are laid out here and copied with one call. A call a value takes ten times as long.
 * Text goes over as one blob, into which the vector's entries then point: 16 bytes each, the length and up to 12 bytes, or the first four and the address.
 */
export class VectorWriter {
  private scratch = new ArrayBuffer(2048 * 16);
  private heap = Buffer.allocUnsafe(64 * 1024);

  constructor(private readonly bindings: Bindings) {}

  write(vector: Vector, shape: VectorShape, cells: ColumnCells): void {
    if (cells instanceof Float64Array) return this.numbers(vector, shape.kind, cells);
    this.values(vector, shape, cells);
    this.validity(vector, cells);
  }

  private numbers(vector: Vector, kind: VectorShape["kind"], cells: Float64Array): void {
    if (kind !== "float64") return this.moments(vector, cells);
    this.bindings.copy_data_to_vector(vector, 0, cells.buffer as ArrayBuffer, cells.byteOffset, cells.byteLength);
  }

  private values(vector: Vector, shape: VectorShape, cells: readonly Cell[]): void {
    switch (shape.kind) {
      case "string":
      case "json":
        return this.text(vector, cells as readonly (string | null)[]);
      case "bigtext":
        return this.text(
          vector,
          cells.map((cell) => (cell === null ? null : String(cell as bigint))),
        );
      case "bytes":
        return this.blobs(vector, cells as readonly (Uint8Array | null)[]);
      case "list":
        return this.lists(vector, shape.of, cells as readonly (readonly Cell[] | null)[]);
      case "struct":
        for (const [index, { of }] of shape.fields.entries()) {
          const parts = cells.map((cell) => (cell === null ? null : ((cell as readonly Cell[])[index] ?? null)));
          this.write(this.bindings.struct_vector_get_child(vector, index), of, parts);
        }
        return;
      case "decimal":
        return this.decimals(vector, shape.precision, cells as readonly (string | null)[]);
      default:
        return this.fixed(vector, shape.kind, cells);
    }
  }

  private fixed(
    vector: Vector,
    kind: Exclude<VectorShape["kind"], "string" | "json" | "bigtext" | "bytes" | "list" | "struct" | "decimal">,
    cells: readonly Cell[],
  ): void {
    const count = cells.length;
    switch (kind) {
      case "boolean": {
        const bytes = new Uint8Array(this.room(count), 0, count);
        for (let i = 0; i < count; i++) bytes[i] = cells[i] === true ? 1 : 0;
        return this.copy(vector, count);
      }
      case "float64": {
        const doubles = new Float64Array(this.room(count * 8), 0, count);
        for (let i = 0; i < count; i++) doubles[i] = cells[i] as number;
        return this.copy(vector, count * 8);
      }
      case "int32": {
        const ints = new Int32Array(this.room(count * 4), 0, count);
        for (let i = 0; i < count; i++) ints[i] = cells[i] as number;
        return this.copy(vector, count * 4);
      }
      case "date": {
        const days = new Int32Array(this.room(count * 4), 0, count);
        for (let i = 0; i < count; i++) days[i] = cells[i] === null ? 0 : Date.parse(`${cells[i] as string}T00:00:00Z`) / 86_400_000;
        return this.copy(vector, count * 4);
      }
      case "bigint": {
        const bigints = new BigInt64Array(this.room(count * 8), 0, count);
        for (let i = 0; i < count; i++) {
          const cell = cells[i];
          if (cell !== null) bigints[i] = cell as bigint;
        }
        return this.copy(vector, count * 8);
      }
      case "int64":
        return this.wholeNumbers(vector, cells, (cell) => cell as number);
      case "time":
        return this.wholeNumbers(vector, cells, (cell) => microsecondsOf(cell as string));
      case "timestamp":
      case "timestamptz":
        return this.moments(vector, cells as readonly (number | null)[]);
    }
  }

  /** 64 bits by halves: a BigInt for each takes five times as long. */
  private wholeNumbers(vector: Vector, cells: readonly Cell[], numberOf: (cell: Cell) => number): void {
    const count = cells.length;
    const halves = new Int32Array(this.room(count * 8), 0, count * 2);
    for (let i = 0; i < count; i++) {
      const cell = cells[i] ?? null;
      if (cell !== null) setHalves(halves, i, numberOf(cell));
    }
    this.copy(vector, count * 8);
  }

  private moments(vector: Vector, cells: ArrayLike<number | null>): void {
    const count = cells.length;
    const room = this.room(count * 8);
    const halves = new Int32Array(room, 0, count * 2);
    const bigints = new BigInt64Array(room, 0, count);
    for (let i = 0; i < count; i++) {
      const ms = cells[i] ?? 0;
      if (Math.abs(ms) < EXACT_MS) setHalves(halves, i, ms * 1000);
      else bigints[i] = BigInt(ms) * 1000n;
    }
    this.copy(vector, count * 8);
  }

  private decimals(vector: Vector, precision: number, cells: readonly (string | null)[]): void {
    const count = cells.length;
    const sizeBytes = precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16;
    const view = new DataView(this.room(count * sizeBytes));
    for (let i = 0; i < count; i++) {
      const scaled = BigInt(cells[i]?.replace(".", "") ?? 0);
      if (sizeBytes === 2) view.setInt16(i * 2, Number(scaled), true);
      else if (sizeBytes === 4) view.setInt32(i * 4, Number(scaled), true);
      else view.setBigInt64(i * sizeBytes, BigInt.asIntN(64, scaled), true);
      if (sizeBytes === 16) view.setBigInt64(i * 16 + 8, scaled >> 64n, true);
    }
    this.copy(vector, count * sizeBytes);
  }

  private lists(vector: Vector, of: ColumnShape, cells: readonly (readonly Cell[] | null)[]): void {
    const entries = new BigUint64Array(cells.length * 2);
    const items: Cell[] = [];
    for (const [index, list] of cells.entries()) {
      entries[index * 2] = BigInt(items.length);
      entries[index * 2 + 1] = BigInt(list?.length ?? 0);
      for (const item of list ?? []) items.push(item);
    }
    this.bindings.list_vector_reserve(vector, items.length);
    this.bindings.list_vector_set_size(vector, items.length);
    this.write(this.bindings.list_vector_get_child(vector), of, items);
    this.bindings.copy_data_to_vector(vector, 0, entries.buffer, 0, entries.byteLength);
  }

  private text(vector: Vector, cells: readonly (string | null)[]): void {
    let chars = 0;
    for (const cell of cells) chars += cell === null ? 0 : cell.length;
    if (chars > JOINED_CHARS)
      return this.oneByOne(
        vector,
        cells.map((cell) => (cell === null ? null : Buffer.from(cell))),
      );
    const joined = cells.join("");
    if (this.heap.length < chars * 3) this.heap = Buffer.allocUnsafe(chars * 3);
    const bytes = this.heap.write(joined);
    const illFormed = bytes === chars ? -1 : cells.findIndex((cell) => cell !== null && LONE_SURROGATE.test(cell));
    if (illFormed >= 0) throw new IllFormedText(illFormed);
    this.entries(vector, cells, bytes, bytes === chars ? lengthOf : Buffer.byteLength);
  }

  private blobs(vector: Vector, cells: readonly (Uint8Array | null)[]): void {
    let bytes = 0;
    for (const cell of cells) bytes += cell?.byteLength ?? 0;
    if (bytes > JOINED_CHARS) return this.oneByOne(vector, cells);
    if (this.heap.length < bytes) this.heap = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const cell of cells) {
      if (cell === null) continue;
      this.heap.set(cell, at);
      at += cell.byteLength;
    }
    this.entries(vector, cells, bytes, lengthOf);
  }

  /** The entries of what lies in the heap one behind the other. */
  private entries<T extends string | Uint8Array>(
    vector: Vector,
    cells: readonly (T | null)[],
    bytes: number,
    sizeOf: (cell: T) => number,
  ): void {
    const { heap, bindings } = this;
    const base = bytes > INLINE_BYTES ? this.intoVector(vector, bytes) : 0;
    const words = new Uint32Array(this.room(cells.length * 16), 0, cells.length * 4).fill(0);
    const inline = new Uint8Array(words.buffer, 0, cells.length * 16);
    let at = 0;
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i];
      if (cell === null || cell === undefined) continue;
      const size = sizeOf(cell);
      words[i * 4] = size;
      if (size <= INLINE_BYTES) {
        for (let byte = 0; byte < size; byte++) inline[i * 16 + 4 + byte] = heap[at + byte] as number;
      } else {
        words[i * 4 + 1] = heap.readUInt32LE(at);
        const address = base + at;
        words[i * 4 + 2] = address % WORD;
        words[i * 4 + 3] = address / WORD;
      }
      at += size;
    }
    bindings.copy_data_to_vector(vector, 0, words.buffer as ArrayBuffer, 0, cells.length * 16);
  }

  /** Copies the heap into memory that is the vector's own. @returns its address, of which a number holds every bit */
  private intoVector(vector: Vector, bytes: number): number {
    this.bindings.vector_assign_string_element_len(vector, 0, this.heap.subarray(0, bytes));
    const entry = this.bindings.vector_get_data(vector, 16);
    const view = new DataView(entry.buffer, entry.byteOffset, 16);
    return view.getUint32(8, true) + view.getUint32(12, true) * WORD;
  }

  private oneByOne(vector: Vector, cells: readonly (Uint8Array | null)[]): void {
    for (const [index, cell] of cells.entries()) {
      if (cell === null) continue;
      this.bindings.vector_assign_string_element_len(vector, index, cell);
    }
  }

  private validity(vector: Vector, cells: readonly Cell[]): void {
    let bits: Uint32Array | undefined;
    for (let i = 0; i < cells.length; i++) {
      if (cells[i] !== null) continue;
      bits ??= new Uint32Array(Math.ceil(cells.length / 64) * 2).fill(0xffffffff);
      bits[i >>> 5] = (bits[i >>> 5] as number) & ~(1 << (i & 31));
    }
    if (bits === undefined) return;
    this.bindings.vector_ensure_validity_writable(vector);
    this.bindings.copy_data_to_vector_validity(vector, 0, bits.buffer as ArrayBuffer, 0, bits.byteLength);
  }

  private room(bytes: number): ArrayBuffer {
    if (this.scratch.byteLength < bytes) this.scratch = new ArrayBuffer(bytes);
    return this.scratch;
  }

  private copy(vector: Vector, bytes: number): void {
    this.bindings.copy_data_to_vector(vector, 0, this.scratch, 0, bytes);
  }
}

const WORD = 2 ** 32;
const INLINE_BYTES = 12;
/** Milliseconds whose microseconds a number holds exactly. */
const EXACT_MS = Number.MAX_SAFE_INTEGER / 1000;
/** Longer text of one column in one batch goes over value by value. */
const JOINED_CHARS = 16 * 2 ** 20;

const LONE_SURROGATE = /\p{Surrogate}/u;

function setHalves(halves: Int32Array, index: number, value: number): void {
  halves[index * 2] = value % WORD;
  halves[index * 2 + 1] = Math.floor(value / WORD);
}

function lengthOf(cell: { readonly length: number }): number {
  return cell.length;
}

function microsecondsOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.slice(0, 8).split(":").map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + Number(time.slice(9).padEnd(6, "0"));
}
