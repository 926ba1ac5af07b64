/** How many numbers a chunk holds. */
export const CHUNK_SIZE = 4_096;
const WORDS = CHUNK_SIZE / 32;

/** 4,096 numbers as bits. */
type Chunk = Uint32Array;

const FULL: Chunk = new Uint32Array(WORDS).fill(0xffffffff);

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

function setBits(chunk: Chunk, from: number, to: number): void {
  for (let bit = from; bit < to;) {
    const word = bit >>> 5;
    const low = bit & 31;
    const high = Math.min(32, low + to - bit);
    chunk[word] = (chunk[word] ?? 0) | ((high === 32 ? 0xffffffff : (1 << high) - 1) & ~((1 << low) - 1));
    bit += high - low;
  }
}

/** The first bit from `from` on that is set, or, with `flip` all ones, that is not; {@link CHUNK_SIZE} if there is none. */
function nextBit(chunk: Chunk, from: number, flip: number): number {
  let word = from >>> 5;
  let bits = (((chunk[word] ?? 0) ^ flip) >>> (from & 31)) << (from & 31);
  while (bits === 0 && ++word < WORDS) bits = (chunk[word] ?? 0) ^ flip;
  return word < WORDS ? word * 32 + 31 - Math.clz32(bits & -bits) : CHUNK_SIZE;
}

function bitsOf(chunk: Chunk): number {
  if (chunk === FULL) return CHUNK_SIZE;
  let count = 0;
  for (let word = 0; word < WORDS; word++) {
    let bits = chunk[word] ?? 0;
    bits -= (bits >>> 1) & 0x55555555;
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    count += (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
  }
  return count;
}

const [RANGES, BITS] = [0, 1];

/** Whether words lie in memory as they are encoded: lowest byte first. */
const AS_ENCODED = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

function encodeChunk(chunk: Chunk): Uint8Array {
  if (chunk === FULL || bitsOf(chunk) === CHUNK_SIZE) return new Uint8Array(0);
  return edgesOf(chunk) <= WORDS * 2 - 1 ? encodeRanges(chunk) : encodeBits(chunk);
}

/** How many times bits that are set follow bits that are not, or the other way round; before the first there are none. */
function edgesOf(chunk: Chunk): number {
  let count = 0;
  let carry = 0;
  for (let word = 0; word < WORDS; word++) {
    const bits = chunk[word] ?? 0;
    let edges = bits ^ ((bits << 1) | carry);
    carry = bits >>> 31;
    edges -= (edges >>> 1) & 0x55555555;
    edges = (edges & 0x33333333) + ((edges >>> 2) & 0x33333333);
    count += (((edges + (edges >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
  }
  return count;
}

function encodeRanges(chunk: Chunk): Uint8Array {
  const edges: number[] = [];
  for (let bit = nextBit(chunk, 0, 0), flip = 0xffffffff; bit < CHUNK_SIZE; flip = ~flip >>> 0) {
    edges.push(bit);
    bit = nextBit(chunk, bit, flip);
  }
  const bytes = new DataView(new ArrayBuffer(1 + edges.length * 2));
  bytes.setUint8(0, RANGES);
  edges.forEach((edge, at) => bytes.setUint16(1 + at * 2, edge, true));
  return new Uint8Array(bytes.buffer);
}

function encodeBits(chunk: Chunk): Uint8Array {
  const bytes = new Uint8Array(1 + WORDS * 4);
  bytes[0] = BITS;
  if (AS_ENCODED) bytes.set(new Uint8Array(chunk.buffer, chunk.byteOffset, WORDS * 4), 1);
  else chunk.forEach((bits, word) => new DataView(bytes.buffer).setUint32(1 + word * 4, bits, true));
  return bytes;
}

function decodeChunk(bytes: Uint8Array): Chunk {
  if (bytes.length === 0) return FULL;
  const chunk = new Uint32Array(WORDS);
  if (bytes[0] === BITS && AS_ENCODED) {
    new Uint8Array(chunk.buffer).set(bytes.subarray(1));
    return chunk;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] === BITS) {
    for (let word = 0; word < WORDS; word++) chunk[word] = view.getUint32(1 + word * 4, true);
    return chunk;
  }
  for (let at = 1; at < bytes.length; at += 4) {
    setBits(chunk, view.getUint16(at, true), at + 2 < bytes.length ? view.getUint16(at + 2, true) : CHUNK_SIZE);
  }
  return chunk;
}
