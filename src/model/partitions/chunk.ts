/** How many numbers a chunk holds. */
export const CHUNK_SIZE = 4_096;
/** Words of 32 bits in a chunk. */
export const WORDS = CHUNK_SIZE / 32;

/** 4,096 numbers as bits. */
export type Chunk = Uint32Array;

/** All full chunks of sets are this one, which nobody may change. */
export const FULL: Chunk = new Uint32Array(WORDS).fill(0xffffffff);

/** Puts the numbers `[from, to)` into a chunk. */
export function setBits(chunk: Chunk, from: number, to: number): void {
  for (let bit = from; bit < to;) {
    const low = bit & 31;
    const high = Math.min(32, low + to - bit);
    chunk[bit >>> 5] = (chunk[bit >>> 5] ?? 0) | mask(low, high);
    bit += high - low;
  }
}

function clearBits(chunk: Chunk, from: number, to: number): void {
  for (let bit = from; bit < to;) {
    const low = bit & 31;
    const high = Math.min(32, low + to - bit);
    chunk[bit >>> 5] = (chunk[bit >>> 5] ?? 0) & ~mask(low, high);
    bit += high - low;
  }
}

/** The bits `[low, high)` of a word. */
function mask(low: number, high: number): number {
  return (high === 32 ? 0xffffffff : (1 << high) - 1) & ~((1 << low) - 1);
}

/** The first bit from `from` on that is set, or, with `flip` all ones, that is not; {@link CHUNK_SIZE} if there is none. */
export function nextBit(chunk: Chunk, from: number, flip: number): number {
  let word = from >>> 5;
  let bits = (((chunk[word] ?? 0) ^ flip) >>> (from & 31)) << (from & 31);
  while (bits === 0 && ++word < WORDS) bits = (chunk[word] ?? 0) ^ flip;
  return word < WORDS ? word * 32 + 31 - Math.clz32(bits & -bits) : CHUNK_SIZE;
}

/** How many numbers it holds. */
export function bitsOf(chunk: Chunk): number {
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

/** As few bytes as it needs: none for a full one, its ranges, or its bits. */
export function encodeChunk(chunk: Chunk): Uint8Array {
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

/** The chunk that {@link encodeChunk} encoded; one of its own, unless it is full. */
export function decodeChunk(bytes: Uint8Array): Chunk {
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

/** Puts the numbers that bytes encode into a chunk, or takes them out: of a few numbers without laying out the rest. */
export function changeChunk(chunk: Chunk, bytes: Uint8Array, how: "add" | "remove"): void {
  if (bytes[0] === RANGES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 1; at < bytes.length; at += 4) {
      const [from, to] = [view.getUint16(at, true), at + 2 < bytes.length ? view.getUint16(at + 2, true) : CHUNK_SIZE];
      if (how === "add") setBits(chunk, from, to);
      else clearBits(chunk, from, to);
    }
    return;
  }
  const other = decodeChunk(bytes);
  for (let word = 0; word < WORDS; word++) {
    const [bits, changed] = [chunk[word] ?? 0, other[word] ?? 0];
    chunk[word] = how === "add" ? bits | changed : bits & ~changed;
  }
}
