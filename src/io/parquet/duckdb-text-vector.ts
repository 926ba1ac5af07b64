import { isAscii } from "node:buffer";
import type { Bindings } from "./duckdb-read-vector.js";

const INLINE_BYTES = 12;
const WORD = 2 ** 32;
/** Memory is mapped by pages of at least so much: between two addresses that lie nearer there is no hole. */
const PAGE_BYTES = 4096;
/** How much text is made at once, from which values are cut: a value that is kept longer than the others keeps no more alive. */
const BLOCK_BYTES = 2048;
/** How many short texts of a column are kept, at most, in case that they come again; and the bits of a hash that are no place among them. */
const KEPT_TEXTS = 1024;
const KEPT_SHIFT = 22;

type Texts = (string | Uint8Array | null)[];

/**
 * Reads vectors of text or bytes. Their entries are 16 bytes each: the length, and the value where it has up to 12 bytes, else the first four and the
 * address. Values that follow each other in memory, as those of a page do, are read together: a call for each takes ten times as long.
 */
export class TextVectors {
  private readonly kept = new KeptTexts();

  constructor(
    private readonly bindings: Bindings,
    private readonly as: "text" | "bytes",
  ) {}

  read(entries: Uint8Array, valid: Uint32Array | undefined): Texts {
    const count = entries.byteLength / 16;
    const words = new Uint32Array(entries.buffer, entries.byteOffset, count * 4);
    const bytes = Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength);
    const values: Texts = new Array<null>(count).fill(null);
    const region = new Region(this.bindings, values, this.as);
    let all: string | undefined;
    const near = (at: number, size: number): string => (all ??= bytes.toString("latin1")).slice(at, at + size);
    const wide = (at: number, size: number): string => bytes.toString("utf8", at, at + size);
    for (let i = 0; i < count; i++) {
      if (valid !== undefined && ((valid[i >>> 5] as number) & (1 << (i & 31))) === 0) continue;
      const size = words[i * 4] as number;
      if (size > INLINE_BYTES) region.add(i, (words[i * 4 + 2] as number) + (words[i * 4 + 3] as number) * WORD, size);
      else if (this.as === "text") values[i] = this.kept.text(words, i * 4, isAsciiAt(words, i * 4) ? near : wide);
      else values[i] = new Uint8Array(bytes.subarray(i * 16 + 4, i * 16 + 4 + size));
    }
    region.take();
    return values;
  }
}

/** Texts of up to 12 bytes, each made once while it comes again and again. */
class KeptTexts {
  private readonly words = new Uint32Array(KEPT_TEXTS * 4);
  private readonly texts = new Array<string>(KEPT_TEXTS).fill("");

  /**
   * @param at - where the entry begins, in words
   * @param made - the text of so many bytes from there on
   */
  text(words: Uint32Array, at: number, made: (at: number, size: number) => string): string {
    const size = words[at] as number;
    const first = words[at + 1] as number;
    const second = words[at + 2] as number;
    const third = words[at + 3] as number;
    const hash = Math.imul(first ^ Math.imul(second ^ Math.imul(third ^ size, 0x9e3779b1), 0x85ebca6b), 0xc2b2ae35);
    const slot = hash >>> KEPT_SHIFT;
    const kept = this.words;
    const from = slot * 4;
    if (kept[from] === size && kept[from + 1] === first && kept[from + 2] === second && kept[from + 3] === third)
      return this.texts[slot] as string;
    kept[from] = size;
    kept[from + 1] = first;
    kept[from + 2] = second;
    kept[from + 3] = third;
    return (this.texts[slot] = made(at * 4 + 4, size));
  }
}

/** Whether the value of the entry is ASCII; behind it stand zeros. */
function isAsciiAt(words: Uint32Array, at: number): boolean {
  return (((words[at + 1] as number) | (words[at + 2] as number) | (words[at + 3] as number)) & 0x80808080) === 0;
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
