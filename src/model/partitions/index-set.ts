import { bitsOf, CHUNK_SIZE, decodeChunk, encodeChunk, FULL, nextBit, setBits, WORDS, type Chunk } from "./chunk.js";

/** A stretch of numbers: `[from, to)`. */
export type IndexRange = readonly [from: number, to: number];

/**
 * An immutable set of whole numbers from 0 on, kept as bits in chunks of `CHUNK_SIZE`: chunks without a number take no room, and all full
 * ones share theirs. Algebra costs one operation for 32 numbers.
 */
export class IndexSet implements Iterable<number> {
  /** The set without a number. */
  static empty(): IndexSet {
    return new IndexSet([]);
  }

  readonly #chunks: readonly (Chunk | undefined)[];
  #size: number | undefined;

  private constructor(chunks: readonly (Chunk | undefined)[]) {
    this.#chunks = chunks;
  }

  /** The numbers of a range. */
  static range(from: number, to: number): IndexSet {
    return IndexSet.of([[from, to]]);
  }

  /** The numbers of ranges in any order, which may overlap. */
  static of(ranges: Iterable<IndexRange>): IndexSet {
    const chunks: (Chunk | undefined)[] = [];
    for (const [from, to] of ranges) addRange(chunks, from, to);
    return new IndexSet(chunks);
  }

  static ofNumbers(numbers: Iterable<number>): IndexSet {
    const chunks: (Chunk | undefined)[] = [];
    for (const number of numbers) {
      const chunk = own(chunks, Math.floor(number / CHUNK_SIZE));
      const bit = number % CHUNK_SIZE;
      chunk[bit >>> 5] = (chunk[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
    return new IndexSet(chunks);
  }

  /** Puts chunks together that {@link encodedChunks} gave. */
  static decode(chunks: Iterable<readonly [number: number, bytes: Uint8Array]>): IndexSet {
    const decoded: (Chunk | undefined)[] = [];
    for (const [number, bytes] of chunks) decoded[number] = decodeChunk(bytes);
    return new IndexSet(decoded);
  }

  /** Puts a set together of chunks that nobody else may change. */
  static ofChunks(chunks: Iterable<readonly [number: number, chunk: Chunk]>): IndexSet {
    const all: (Chunk | undefined)[] = [];
    for (const [number, chunk] of chunks) all[number] = chunk;
    return new IndexSet(all);
  }

  /** The set that {@link toWords} gave, on the same machine; the words are its own from now on. */
  static fromWords(words: Uint32Array): IndexSet {
    const count = words[0] ?? 0;
    const chunks: (Chunk | undefined)[] = [];
    let from = 1 + count;
    for (let at = 1; at <= count; at++) {
      const entry = words[at] ?? 0;
      if (entry & 1) chunks[entry >>> 1] = FULL;
      else chunks[entry >>> 1] = words.subarray(from, (from += WORDS));
    }
    return new IndexSet(chunks);
  }

  /** How many numbers it holds. */
  get size(): number {
    this.#size ??= this.#chunks.reduce((sum, chunk) => sum + (chunk ? bitsOf(chunk) : 0), 0);
    return this.#size;
  }

  has(number: number): boolean {
    const bit = number % CHUNK_SIZE;
    return (((this.#chunks[Math.floor(number / CHUNK_SIZE)]?.[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
  }

  union(other: IndexSet): IndexSet {
    return this.#with(
      other,
      (a, b) => a ?? b,
      (a, b) => a | b,
    );
  }

  intersection(other: IndexSet): IndexSet {
    return this.#with(
      other,
      () => undefined,
      (a, b) => a & b,
    );
  }

  /** The numbers of this set that the other lacks. */
  difference(other: IndexSet): IndexSet {
    return this.#with(
      other,
      (a) => a,
      (a, b) => a & ~b,
    );
  }

  /** Every number moved by so many, down if it is negative; what would be below 0 is left out. */
  shifted(by: number): IndexSet {
    if (by === 0) return this;
    const chunks: (Chunk | undefined)[] = [];
    const [words, bits] = [Math.floor(by / 32), ((by % 32) + 32) % 32];
    for (const [number, chunk] of this.#chunks.entries()) {
      for (let word = 0; chunk && word < WORDS; word++) {
        const value = chunk[word] ?? 0;
        if (value === 0) continue;
        const to = number * WORDS + word + words;
        orWord(chunks, to, value << bits);
        if (bits > 0) orWord(chunks, to + 1, value >>> (32 - bits));
      }
    }
    return new IndexSet(chunks);
  }

  equals(other: IndexSet): boolean {
    return this.size === other.size && this.difference(other).size === 0;
  }

  isSubsetOf(other: IndexSet): boolean {
    return this.difference(other).size === 0;
  }

  /** Whether a number of `[from, to)` is in the set. */
  anyIn(from: number, to: number): boolean {
    const next = this.nextFrom(from);
    return next !== undefined && next < to;
  }

  /** The smallest number of the set from `from` on. */
  nextFrom(from: number): number | undefined {
    const first = Math.floor(from / CHUNK_SIZE);
    for (let number = first; number < this.#chunks.length; number++) {
      const chunk = this.#chunks[number];
      if (!chunk) continue;
      const bit = nextBit(chunk, number === first ? from % CHUNK_SIZE : 0, 0);
      if (bit < CHUNK_SIZE) return number * CHUNK_SIZE + bit;
    }
    return undefined;
  }

  /** The largest number of the set. */
  get last(): number | undefined {
    for (let number = this.#chunks.length - 1; number >= 0; number--) {
      const chunk = this.#chunks[number];
      for (let word = WORDS - 1; chunk && word >= 0; word--) {
        const bits = chunk[word] ?? 0;
        if (bits !== 0) return number * CHUNK_SIZE + word * 32 + 31 - Math.clz32(bits);
      }
    }
    return undefined;
  }

  /** The number that has `rank` numbers of the set before it. */
  at(rank: number): number | undefined {
    let left = rank;
    for (const [number, chunk] of this.#chunks.entries()) {
      if (!chunk) continue;
      const count = bitsOf(chunk);
      if (left < count) {
        let bit = nextBit(chunk, 0, 0);
        while (left-- > 0) bit = nextBit(chunk, bit + 1, 0);
        return number * CHUNK_SIZE + bit;
      }
      left -= count;
    }
    return undefined;
  }

  /** The maximal ranges, in order. */
  *ranges(): Generator<IndexRange> {
    let from = -1;
    for (let number = 0; number < this.#chunks.length; number++) {
      const chunk = this.#chunks[number];
      const base = number * CHUNK_SIZE;
      if (chunk === FULL) {
        if (from < 0) from = base;
        continue;
      }
      for (let bit = 0; bit < CHUNK_SIZE;) {
        const next = chunk ? nextBit(chunk, bit, from < 0 ? 0 : 0xffffffff) : from < 0 ? CHUNK_SIZE : bit;
        if (next >= CHUNK_SIZE) break;
        if (from < 0) from = base + next;
        else {
          yield [from, base + next];
          from = -1;
        }
        bit = next;
      }
    }
    if (from >= 0) yield [from, this.#chunks.length * CHUNK_SIZE];
  }

  *[Symbol.iterator](): Generator<number> {
    for (const [from, to] of this.ranges()) for (let number = from; number < to; number++) yield number;
  }

  /** The chunks that hold a number, as few bytes as they need: none for a full one, its ranges, or its bits. */
  *encodedChunks(): Generator<readonly [number: number, bytes: Uint8Array]> {
    for (const [number, chunk] of this.#chunks.entries()) if (chunk && bitsOf(chunk) > 0) yield [number, encodeChunk(chunk)];
  }

  /** The set as one piece of memory, for another thread: how many chunks, which they are and whether they are full, and the bits of the others. */
  toWords(): Uint32Array {
    const held = [...this.#chunks.keys()].filter((number) => this.#chunks[number]);
    const laidOut = held.filter((number) => this.#chunks[number] !== FULL);
    const words = new Uint32Array(1 + held.length + laidOut.length * WORDS);
    words[0] = held.length;
    held.forEach((number, at) => (words[1 + at] = number * 2 + (this.#chunks[number] === FULL ? 1 : 0)));
    laidOut.forEach((number, at) => words.set(this.#chunks[number] ?? FULL, 1 + held.length + at * WORDS));
    return words;
  }

  get isEmpty(): boolean {
    return this.last === undefined;
  }

  #with(other: IndexSet, alone: (a?: Chunk, b?: Chunk) => Chunk | undefined, both: (a: number, b: number) => number): IndexSet {
    const chunks: (Chunk | undefined)[] = [];
    for (let number = Math.max(this.#chunks.length, other.#chunks.length) - 1; number >= 0; number--) {
      const [a, b] = [this.#chunks[number], other.#chunks[number]];
      const chunk = a && b ? combined(a, b, both) : alone(a, b);
      if (chunk) chunks[number] = chunk;
    }
    return new IndexSet(chunks);
  }
}

function combined(a: Chunk, b: Chunk, both: (a: number, b: number) => number): Chunk | undefined {
  const chunk = new Uint32Array(WORDS);
  let any = 0;
  let all = 0xffffffff;
  for (let word = 0; word < WORDS; word++) {
    const bits = both(a[word] ?? 0, b[word] ?? 0);
    chunk[word] = bits;
    any |= bits;
    all &= bits;
  }
  if (any === 0) return undefined;
  return all >>> 0 === 0xffffffff ? FULL : chunk;
}

function own(chunks: (Chunk | undefined)[], number: number): Chunk {
  const chunk = chunks[number];
  if (chunk && chunk !== FULL) return chunk;
  return (chunks[number] = chunk ? chunk.slice() : new Uint32Array(WORDS));
}

function orWord(chunks: (Chunk | undefined)[], at: number, bits: number): void {
  if (at < 0 || bits === 0) return;
  const number = Math.floor(at / WORDS);
  const chunk = (chunks[number] ??= new Uint32Array(WORDS));
  chunk[at % WORDS] = (chunk[at % WORDS] ?? 0) | bits;
}

function addRange(chunks: (Chunk | undefined)[], from: number, to: number): void {
  for (let at = from; at < to;) {
    const number = Math.floor(at / CHUNK_SIZE);
    const base = number * CHUNK_SIZE;
    const end = Math.min(to, base + CHUNK_SIZE);
    if (at === base && end === base + CHUNK_SIZE) chunks[number] = FULL;
    else if (chunks[number] !== FULL) setBits(own(chunks, number), at - base, end - base);
    at = end;
  }
}
