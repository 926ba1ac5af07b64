/** Room for the header of a CopyData message before its bytes. */
const HEADER_BYTES = 5;

/** Texts up to here are encoded in JavaScript, which is quicker than the call into the runtime. */
const SHORT_TEXT = 40;

/** Longer texts are measured before there is room made for them. */
const LONG_TEXT = 10_000;

/** NUL, or half a character. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

const COPY_DATA = 0x64; // "d"

/** Grows bytes in network order, as one CopyData message; whoever takes them gets the buffer itself. */
export class CopyWriter {
  /** Where the next byte goes. */
  at = HEADER_BYTES;
  bytes: Buffer;
  view: DataView;

  constructor(readonly capacity = 256 * 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
    this.view = viewOf(this.bytes);
  }

  /** Makes sure that so many bytes fit behind `at`. */
  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(count);
  }

  /** @param value - a whole number of 32 bits */
  int32(value: number): void {
    this.reserve(4);
    this.view.setInt32(this.at, value);
    this.at += 4;
  }

  /** @param value - a whole number of 16 bits */
  int16(value: number): void {
    this.reserve(2);
    this.view.setInt16(this.at, value);
    this.at += 2;
  }

  /** A whole number of 64 bits, in two halves where 53 suffice: a bigint takes ten times as long. */
  int64(value: number | bigint): void {
    this.reserve(8);
    if (typeof value === "bigint") this.view.setBigInt64(this.at, value);
    else {
      this.view.setInt32(this.at, Math.floor(value / 0x1_0000_0000));
      this.view.setUint32(this.at + 4, value >>> 0);
    }
    this.at += 8;
  }

  /** The text as UTF-8 behind its length. @param prefix - bytes between them, e.g. a version @returns whether Postgres can keep it */
  text(value: string, prefix?: number): boolean {
    this.reserve(5 + (value.length <= LONG_TEXT ? value.length * 3 : Buffer.byteLength(value)));
    const start = this.at;
    this.at += 4;
    if (prefix !== undefined) this.bytes[this.at++] = prefix;
    if (!(value.length <= SHORT_TEXT ? this.#shortText(value) : this.#longText(value))) return false;
    this.view.setInt32(start, this.at - start - 4);
    return true;
  }

  /** The bytes behind their length. */
  blob(value: Uint8Array): void {
    this.reserve(4 + value.length);
    this.view.setInt32(this.at, value.length);
    this.bytes.set(value, this.at + 4);
    this.at += 4 + value.length;
  }

  /** The message as it goes to the server; the writer begins another. */
  take(): Buffer {
    const { bytes, at } = this;
    bytes[0] = COPY_DATA;
    this.view.setInt32(1, at - 1);
    this.bytes = Buffer.allocUnsafeSlow(this.capacity);
    this.view = viewOf(this.bytes);
    this.at = HEADER_BYTES;
    return bytes.subarray(0, at);
  }

  /** Plain characters here; at the first other one the rest is left to the runtime. */
  #shortText(value: string): boolean {
    const { bytes } = this;
    let { at } = this;
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80 || unit === 0) return this.#longText(value);
      bytes[at++] = unit;
    }
    this.at = at;
    return true;
  }

  #longText(value: string): boolean {
    if (UNSTORABLE.test(value)) return false;
    this.at += this.bytes.write(value, this.at);
    return true;
  }

  #grow(count: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + count));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
    this.view = viewOf(grown);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
