import { IndexSet } from "../../model/partitions/index-set.js";

/** Bytes as the driver gives them. */
export type StoredBytes = ArrayBuffer | Uint8Array;

const HEAD_BYTES = 6;

/** The bytes as the dialect gives them, without a copy. */
export function bytesOf(stored: StoredBytes): Uint8Array {
  return stored instanceof Uint8Array ? stored : new Uint8Array(stored);
}

/** A whole set in one value: each chunk as its number, its length and its bytes. */
export function packSet(set: IndexSet): Uint8Array {
  const chunks = [...set.encodedChunks()];
  const packed = new Uint8Array(chunks.reduce((sum, [, bytes]) => sum + HEAD_BYTES + bytes.length, 0));
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const [number, bytes] of chunks) {
    view.setUint32(at, number, true);
    view.setUint16(at + 4, bytes.length, true);
    packed.set(bytes, at + HEAD_BYTES);
    at += HEAD_BYTES + bytes.length;
  }
  return packed;
}

/** The set that {@link packSet} packed. */
export function unpackSet(stored: StoredBytes): IndexSet {
  return IndexSet.decode(chunksOf(bytesOf(stored)));
}

function* chunksOf(packed: Uint8Array): Generator<readonly [number: number, bytes: Uint8Array]> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  for (let at = 0; at < packed.length;) {
    const end = at + HEAD_BYTES + view.getUint16(at + 4, true);
    yield [view.getUint32(at, true), packed.subarray(at + HEAD_BYTES, end)];
    at = end;
  }
}
