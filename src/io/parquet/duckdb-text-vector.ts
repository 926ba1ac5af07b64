import { isAscii } from "node:buffer";
import type { Bindings } from "./duckdb-read-vector.js";

const INLINE_BYTES = 12;
const WORD = 2 ** 32;
/** Memory is mapped by pages of at least so much: between two addresses that lie nearer there is no hole. */
const PAGE_BYTES = 4096;
/** How much text is made at once, from which values are cut: a value that is kept longer than the others keeps no more alive. */
const BLOCK_BYTES = 2048;

/**
 * The values of a vector of text or bytes. Its entries are 16 bytes each: the length, and the value where it has up to 12 bytes, else the first four and the
 * address. Values that follow each other in memory, as those of a page do, are read together: a call for each takes ten times as long.
 */
export function textsOf(
  bindings: Bindings,
  entries: Uint8Array,
  valid: Uint32Array | undefined,
  as: "text" | "bytes",
): (string | Uint8Array | null)[] {
  const count = entries.byteLength / 16;
  const words = new Uint32Array(entries.buffer, entries.byteOffset, count * 4);
  const bytes = Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength);
  const short = as === "text" ? bytes.toString("latin1") : "";
  const values = new Array<string | Uint8Array | null>(count).fill(null);
  const region = new Region(bindings, values, as);
  for (let i = 0; i < count; i++) {
    if (valid !== undefined && ((valid[i >>> 5] as number) & (1 << (i & 31))) === 0) continue;
    const size = words[i * 4] as number;
    if (size > INLINE_BYTES) {
      region.add(i, (words[i * 4 + 2] as number) + (words[i * 4 + 3] as number) * WORD, size);
      continue;
    }
    const at = i * 16 + 4;
    if (as === "bytes") values[i] = new Uint8Array(bytes.subarray(at, at + size));
    else if ((((words[i * 4 + 1] as number) | (words[i * 4 + 2] as number) | (words[i * 4 + 3] as number)) & 0x80808080) === 0)
      values[i] = short.slice(at, at + size);
    else values[i] = bytes.toString("utf8", at, at + size);
  }
  region.take();
  return values;
}

/** Values that lie near each other, in rising order, until one does not. */
class Region {
  private start = 0;
  private end = 0;
  private readonly indexes: number[] = [];
  private readonly offsets: number[] = [];
  private readonly sizes: number[] = [];
  private readonly address = new DataView(new ArrayBuffer(8));

  constructor(
    private readonly bindings: Bindings,
    private readonly values: (string | Uint8Array | null)[],
    private readonly as: "text" | "bytes",
  ) {}

  add(index: number, address: number, size: number): void {
    const gap = address - this.end;
    if (this.indexes.length > 0 && (gap < 0 || gap >= PAGE_BYTES)) this.take();
    if (this.indexes.length === 0) this.start = address;
    this.indexes.push(index);
    this.offsets.push(address - this.start);
    this.sizes.push(size);
    this.end = address + size;
  }

  /** Takes the values that were added. */
  take(): void {
    if (this.indexes.length === 0) return;
    const bytes = this.read();
    if (this.as === "bytes") this.each((at, size) => new Uint8Array(bytes.subarray(at, at + size)));
    else if (isAscii(bytes)) this.cutTexts(bytes);
    else this.each((at, size) => bytes.toString("utf8", at, at + size));
    this.indexes.length = this.offsets.length = this.sizes.length = 0;
  }

  private cutTexts(bytes: Buffer): void {
    let text = "";
    let from = 0;
    let to = 0;
    this.each((at, size) => {
      if (at + size > to) {
        from = at;
        to = Math.max(at + size, Math.min(at + BLOCK_BYTES, bytes.length));
        text = bytes.toString("latin1", from, to);
      }
      return text.slice(at - from, at - from + size);
    });
  }

  private each(valueAt: (at: number, size: number) => string | Uint8Array): void {
    for (let i = 0; i < this.indexes.length; i++)
      this.values[this.indexes[i] as number] = valueAt(this.offsets[i] as number, this.sizes[i] as number);
  }

  private read(): Buffer {
    this.address.setUint32(0, this.start % WORD, true);
    this.address.setUint32(4, Math.floor(this.start / WORD), true);
    const { buffer, byteOffset, byteLength } = this.bindings.get_data_from_pointer(this.address.buffer, 0, this.end - this.start);
    return Buffer.from(buffer, byteOffset, byteLength);
  }
}
