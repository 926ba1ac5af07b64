import { IOError } from "../../base/errors.js";

/** Bytes are not what they should be: of another kind, cut off or changed. */
export class MalformedBytes extends IOError {
  constructor(readonly what: string) {
    super("IO.MALFORMED", `The bytes are damaged: ${what}.`, { fix: "Write the file again, or restore it." });
  }
}

/** A struct of Thrift's compact protocol: its fields by number. Read and written again it has the same bytes. */
export type ThriftStruct = Map<number, ThriftField>;

/** A value with the type that the protocol gives it. */
export interface ThriftField {
  readonly type: number;
  value: ThriftValue;
}

/** A struct may be given as its bytes, which `writeThrift` gives, to be written as they are. */
export type ThriftValue = boolean | number | bigint | Uint8Array | ThriftStruct | ThriftList;

/** The items of a list or set, all of one type. */
export interface ThriftList {
  readonly itemType: number;
  readonly items: ThriftValue[];
}

/** Numbers of the types: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
export const THRIFT = {
  TRUE: 1,
  FALSE: 2,
  BYTE: 3,
  I16: 4,
  I32: 5,
  I64: 6,
  DOUBLE: 7,
  BINARY: 8,
  LIST: 9,
  SET: 10,
  MAP: 11,
  STRUCT: 12,
} as const;

/** Deeper than any footer is. */
const MAX_DEPTH = 32;

/** Reads a struct. Takes time and memory in proportion to the bytes, whatever they say. @throws {@link MalformedBytes} where they are no such struct */
export function readThrift(bytes: Uint8Array): ThriftStruct {
  return new Reader(bytes).struct(0);
}

/** The bytes of a struct. */
export function writeThrift(struct: ThriftStruct): Buffer {
  const writer = new Writer();
  writer.struct(struct);
  return Buffer.concat(writer.parts());
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  struct(depth: number): ThriftStruct {
    if (depth > MAX_DEPTH) throw new MalformedBytes("it is nested too deeply");
    const fields: ThriftStruct = new Map();
    let id = 0;
    for (;;) {
      const head = this.byte();
      if (head === 0) return fields;
      const type = head & 15;
      id = head >>> 4 === 0 ? this.zigzag() : id + (head >>> 4);
      fields.set(id, { type, value: this.value(type, depth) });
    }
  }

  private value(type: number, depth: number): ThriftValue {
    switch (type) {
      case THRIFT.TRUE:
      case THRIFT.FALSE:
        return type === THRIFT.TRUE;
      case THRIFT.BYTE:
        return this.byte();
      case THRIFT.I16:
      case THRIFT.I32:
        return this.zigzag();
      case THRIFT.I64:
        return this.zigzag64();
      case THRIFT.DOUBLE:
        return this.take(8);
      case THRIFT.BINARY:
        return this.take(this.varint());
      case THRIFT.LIST:
      case THRIFT.SET:
        return this.list(depth);
      case THRIFT.STRUCT:
        return this.struct(depth + 1);
      default:
        throw new MalformedBytes(`byte ${this.at} has the unknown type ${type}`);
    }
  }

  private list(depth: number): ThriftList {
    if (depth > MAX_DEPTH) throw new MalformedBytes("it is nested too deeply");
    const head = this.byte();
    const count = head >>> 4 === 15 ? this.varint() : head >>> 4;
    const itemType = head & 15;
    // An item has a byte at least: a count that promises more is not believed.
    if (count > this.bytes.length - this.at) throw new MalformedBytes(`a list of ${count} items is longer than what holds it`);
    const items: ThriftValue[] = [];
    for (let index = 0; index < count; index++) items.push(this.item(itemType, depth + 1));
    return { itemType, items };
  }

  private item(type: number, depth: number): ThriftValue {
    return type === THRIFT.TRUE || type === THRIFT.FALSE ? this.byte() === THRIFT.TRUE : this.value(type, depth);
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new MalformedBytes("it ends too early");
    return byte;
  }

  private take(count: number): Uint8Array {
    if (count > this.bytes.length - this.at) throw new MalformedBytes(`${count} bytes are more than what holds them`);
    return this.bytes.subarray(this.at, (this.at += count));
  }

  private varint(): number {
    const value = this.varint64();
    if (value > 0xffffffffn) throw new MalformedBytes(`${value} is no number of 32 bits`);
    return Number(value);
  }

  private zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  private zigzag64(): bigint {
    const value = this.varint64();
    return (value >> 1n) ^ -(value & 1n);
  }

  private varint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new MalformedBytes("a number has more than 64 bits");
  }
}

class Writer {
  private readonly done: Uint8Array[] = [];
  private bytes: number[] = [];

  parts(): Uint8Array[] {
    this.flush();
    return this.done;
  }

  struct(fields: ThriftStruct): void {
    let last = 0;
    for (const [id, { type, value }] of fields) {
      const step = id - last;
      if (step > 0 && step < 16) this.bytes.push((step << 4) | type);
      else {
        this.bytes.push(type);
        this.zigzag(BigInt(id));
      }
      last = id;
      if (typeof value !== "boolean") this.value(type, value);
    }
    this.bytes.push(0);
  }

  private value(type: number, value: ThriftValue): void {
    if (value instanceof Map) this.struct(value);
    else if (value instanceof Uint8Array) this.binary(type, value);
    else if (typeof value === "object") this.list(value);
    else if (typeof value === "boolean") this.bytes.push(value ? THRIFT.TRUE : THRIFT.FALSE);
    else if (type === THRIFT.BYTE) this.bytes.push(Number(value) & 255);
    else this.zigzag(BigInt(value));
  }

  private list({ itemType, items }: ThriftList): void {
    if (items.length < 15) this.bytes.push((items.length << 4) | itemType);
    else {
      this.bytes.push(0xf0 | itemType);
      this.varint(BigInt(items.length));
    }
    for (const item of items) this.value(itemType, item);
  }

  private binary(type: number, value: Uint8Array): void {
    if (type === THRIFT.BINARY) this.varint(BigInt(value.length));
    this.flush();
    this.done.push(value);
  }

  private zigzag(value: bigint): void {
    this.varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  private varint(value: bigint): void {
    let rest = value;
    for (; rest > 127n; rest >>= 7n) this.bytes.push(Number(rest & 127n) | 128);
    this.bytes.push(Number(rest));
  }

  private flush(): void {
    this.done.push(Uint8Array.from(this.bytes));
    this.bytes = [];
  }
}
