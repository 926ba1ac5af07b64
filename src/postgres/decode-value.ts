import { dateOf, EPOCH_MS, momentText, timeOf } from "./civil-date.js";
import type { PostgresKind, PostgresType } from "./column-kind.js";
import { readDecimal } from "./numeric.js";
import { PostgresError } from "./postgres-error.js";

/** Reads the value at this place, which is not null. @throws {@link Unreadable} for one that JavaScript cannot keep as it is wanted */
export type DecodeValue = (bytes: Buffer, view: DataView, at: number, length: number) => unknown;

/** How values are wanted where there are several ways. */
export interface ValueForms {
  /** int8 as a number, where a value beyond 2^53 - 1 is refused, or as a bigint. */
  readonly int8: "number" | "bigint";
  /** Timestamps as a Date, which keeps milliseconds, or as ISO text to the microsecond. */
  readonly timestamps: "date" | "text";
}

/** A value that cannot be given in the form that is wanted. */
export class Unreadable extends PostgresError {
  constructor(
    readonly reason: string,
    fix: string,
  ) {
    super("POSTGRES.UNREADABLE", `A value of the result cannot be read: ${reason}.`, { fix });
  }
}

/** How values of a type are read. A type of no known kind is asked for as text. */
export function decoderOf(type: PostgresType, forms: ValueForms): DecodeValue {
  switch (type.kind) {
    case "int8":
      return forms.int8 === "bigint" ? (_, view, at) => view.getBigInt64(at) : int8;
    case "timestamp":
    case "timestamptz":
      if (forms.timestamps === "text") return timestampText(type.kind === "timestamptz" ? "Z" : "");
      return timestamp;
    case "array":
      return type.element === undefined ? text : array(decoderOf(type.element, forms));
    case "other":
      return text;
    default:
      return DECODERS[type.kind];
  }
}

/** Texts up to here are read in JavaScript, which is quicker than the call into the runtime. */
const SHORT_TEXT = 12;

/** UTF-8. */
export const text: DecodeValue = (bytes, _, at, length) => {
  if (length > SHORT_TEXT) return bytes.toString("utf8", at, at + length);
  let read = "";
  for (let index = at; index < at + length; index++) {
    const byte = bytes[index] as number;
    if (byte >= 0x80) return bytes.toString("utf8", at, at + length);
    read += String.fromCharCode(byte);
  }
  return read;
};

const int8: DecodeValue = (_, view, at) => {
  const high = view.getInt32(at);
  if (high >= 0x20_0000 || high < -0x20_0000)
    throw new Unreadable(
      `${view.getBigInt64(at)} is beyond the whole numbers that a number keeps exactly`,
      'Ask for bigints: int8: "bigint".',
    );
  return high * 0x1_0000_0000 + view.getUint32(at + 4);
};

const timestamp: DecodeValue = (_, view, at) => {
  const high = view.getInt32(at);
  if (high < 0x20_0000 && high >= -0x20_0000)
    return new Date(Math.floor((high * 0x1_0000_0000 + view.getUint32(at + 4)) / 1000) + EPOCH_MS);
  const micros = view.getBigInt64(at);
  const date = new Date(Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n) + EPOCH_MS);
  if (!Number.isNaN(date.getTime()) && micros !== LAST && micros !== FIRST) return date;
  throw new Unreadable(
    `${micros === LAST ? "infinity" : micros === FIRST ? "-infinity" : momentText(micros, "")} is no Date`,
    'Ask for text: timestamps: "text".',
  );
};

const LAST = 2n ** 63n - 1n;
const FIRST = -(2n ** 63n);

const timestampText =
  (zone: "Z" | ""): DecodeValue =>
  (_, view, at) => {
    const micros = view.getBigInt64(at);
    return micros === LAST ? "infinity" : micros === FIRST ? "-infinity" : momentText(micros, zone);
  };

const date: DecodeValue = (_, view, at) => {
  const days = view.getInt32(at);
  return days === 0x7fff_ffff ? "infinity" : days === -0x8000_0000 ? "-infinity" : dateOf(days);
};

const jsonb: DecodeValue = (bytes, view, at, length) => JSON.parse(text(bytes, view, at + 1, length - 1) as string) as unknown;

const uuid: DecodeValue = (bytes, _, at) => bytes.toString("hex", at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/** The number with the fewest digits that is this one in 32 bits, as Postgres writes it. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const shown = Number(value.toPrecision(digits));
    if (Math.fround(shown) === value) return shown;
  }
  return value;
}

const array =
  (element: DecodeValue): DecodeValue =>
  (bytes, view, at) => {
    const dimensions: number[] = [];
    const count = view.getInt32(at);
    let next = at + 12;
    for (let index = 0; index < count; index++, next += 8) dimensions.push(view.getInt32(next));
    const read = (depth: number): unknown[] => {
      const items: unknown[] = [];
      for (let index = 0; index < (dimensions[depth] ?? 0); index++) {
        if (depth < dimensions.length - 1) {
          items.push(read(depth + 1));
          continue;
        }
        const length = view.getInt32(next);
        next += 4;
        items.push(length < 0 ? null : element(bytes, view, next, length));
        next += Math.max(length, 0);
      }
      return items;
    };
    return read(0);
  };

const DECODERS: Readonly<Record<Exclude<PostgresKind, "int8" | "timestamp" | "timestamptz" | "array" | "other">, DecodeValue>> = {
  bool: (bytes, _, at) => bytes[at] === 1,
  int2: (_, view, at) => view.getInt16(at),
  int4: (_, view, at) => view.getInt32(at),
  float4: (_, view, at) => shortest(view.getFloat32(at)),
  float8: (_, view, at) => view.getFloat64(at),
  numeric: (_, view, at) => readDecimal(view, at),
  text,
  bytea: (bytes, _, at, length) => new Uint8Array(bytes.subarray(at, at + length)),
  date,
  time: (_, view, at) => timeOf(view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4)),
  json: (bytes, view, at, length) => JSON.parse(text(bytes, view, at, length) as string) as unknown,
  jsonb,
  uuid,
};
