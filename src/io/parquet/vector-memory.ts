/** Vectors are aligned as their largest values are. */
const ALIGNED_BYTES = 16;
const BLOCK_BYTES = 2 ** 20;
/** Blocks above this are not kept for the next use. */
const KEPT_BYTES = 16 * 2 ** 20;

/** Memory for the bytes of many columns, taken piece by piece and given back at once. The garbage collector has nothing to do with it. */
export class VectorMemory {
  private readonly blocks: ArrayBuffer[] = [];
  private block = 0;
  private used = 0;
  private fullBytes = 0;

  /** How much was taken. */
  get takenBytes(): number {
    return this.fullBytes + this.used;
  }

  /** A piece, in which any bytes may be. */
  take(sizeBytes: number): Uint8Array<ArrayBuffer> {
    let block = this.blocks[this.block];
    while (block !== undefined && block.byteLength - this.used < sizeBytes) {
      this.fullBytes += this.used;
      this.used = 0;
      block = this.blocks[++this.block];
    }
    if (block === undefined) this.blocks.push((block = new ArrayBuffer(Math.max(BLOCK_BYTES, aligned(sizeBytes)))));
    const piece = new Uint8Array(block, this.used, sizeBytes);
    this.used += aligned(sizeBytes);
    return piece;
  }

  /** Gives back all but the first bytes of the piece that was taken last. */
  shorten(piece: Uint8Array<ArrayBuffer>, sizeBytes: number): Uint8Array<ArrayBuffer> {
    this.used = piece.byteOffset + aligned(sizeBytes);
    return piece.subarray(0, sizeBytes);
  }

  /** Gives back all pieces. */
  clear(): this {
    let keptBytes = 0;
    const kept = this.blocks.filter(({ byteLength }) => (keptBytes += byteLength) <= KEPT_BYTES);
    this.blocks.splice(0, this.blocks.length, ...kept);
    this.block = this.used = this.fullBytes = 0;
    return this;
  }
}

function aligned(sizeBytes: number): number {
  return Math.ceil(sizeBytes / ALIGNED_BYTES) * ALIGNED_BYTES;
}
