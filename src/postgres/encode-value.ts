import { types } from "node:util";
import type { PostgresKind, PostgresType } from "./column-kind.js";
import { date, type EncodeValue, INT64_LIMIT, time, timestamp } from "./encode-moment.js";
import { parseDecimal, writeDecimal } from "./numeric.js";

/** How values of a type are written; `undefined`: COPY cannot write it. */
export function encoderOf(type: PostgresType): EncodeValue | undefined {
  if (type.labels !== undefined) return labelOf(type.labels);
  switch (type.kind) {
    case "text":
      return type.modifier > 4 ? limitedText(type.modifier - 4) : text;
    case "numeric":
      return numeric(type.modifier);
    case "array":
      return type.element === undefined ? undefined : array(type.element);
    case "other":
      return undefined;
    default:
      return ENCODERS[type.kind];
  }
}

/** Writes a value that is JSON text already. */
export const jsonText =
  (kind: "json" | "jsonb"): EncodeValue =>
  (value, out) => {
    const written = value as string;
    if (kind === "json") return out.text(written) ? undefined : "it is no valid text";
    if (written.includes("\\u") && UNSTORABLE_JSON.test(written))
      return "it holds a NUL character or half a character, which jsonb cannot keep";
    return out.text(written, 1) ? undefined : "it is no valid text";
  };

/** An escaped NUL or surrogate, which `JSON.stringify` writes only for one without its other half. */
const UNSTORABLE_JSON = /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f])/;

const text: EncodeValue = (value, out) => {
  if (typeof value !== "string") return "it is no text";
  return out.text(value) ? undefined : unstorableText(value);
};

const limitedText =
  (most: number): EncodeValue =>
  (value, out) => {
    if (typeof value === "string" && value.length > most && [...value].length > most) return `it has more than ${most} characters`;
    return text(value, out);
  };

const labelOf =
  (labels: ReadonlySet<string>): EncodeValue =>
  (value, out) =>
    typeof value === "string" && labels.has(value)
      ? text(value, out)
      : `it is none of ${[...labels].map((label) => `"${label}"`).join(", ")}`;

function unstorableText(value: string): string {
  return value.includes("\0")
    ? "it holds a NUL character, which Postgres cannot keep in text"
    : "it holds half a character (an unpaired surrogate)";
}

/** A whole number of 2 or 4 bytes. */
const whole =
  (bytes: 2 | 4): EncodeValue =>
  (value, out) => {
    const limit = 2 ** (bytes * 8 - 1);
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isInteger(number)) return "it is no whole number";
    if (number >= limit || number < -limit) return `it is out of range: ${-limit} to ${limit - 1}`;
    out.int32(bytes);
    if (bytes === 2) out.int16(number);
    else out.int32(number);
    return undefined;
  };

const int8: EncodeValue = (value, out) => {
  if (typeof value === "bigint") {
    if (value >= INT64_LIMIT || value < -INT64_LIMIT) return `it is out of range: ${-INT64_LIMIT} to ${INT64_LIMIT - 1n}`;
  } else if (typeof value !== "number" || !Number.isInteger(value)) return "it is no whole number";
  else if (!Number.isSafeInteger(value)) return "it is beyond the whole numbers that a number keeps exactly; give a bigint";
  out.int32(8);
  out.int64(value);
  return undefined;
};

const float8: EncodeValue = (value, out) => {
  if (typeof value !== "number") return "it is no number";
  out.reserve(12);
  out.view.setInt32(out.at, 8);
  out.view.setFloat64(out.at + 4, value);
  out.at += 12;
  return undefined;
};

const float4: EncodeValue = (value, out) => {
  if (typeof value !== "number") return "it is no number";
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) return "it is out of range";
  out.reserve(8);
  out.view.setInt32(out.at, 4);
  out.view.setFloat32(out.at + 4, value);
  out.at += 8;
  return undefined;
};

/** @param modifier - of `numeric(p,s)`; the server would round in silence */
const numeric = (modifier: number): EncodeValue => {
  const scale = modifier < 0 ? undefined : (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  const wholes = scale === undefined ? undefined : (((modifier - 4) >> 16) & 0xffff) - scale;
  return (value, out) => {
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") return "it is no decimal number";
    const decimal = parseDecimal(String(value));
    if (decimal === undefined) return "it is no decimal number";
    if (scale !== undefined && decimal.fractionDigits > Math.max(scale, 0)) return `it has more than ${scale} digits behind the point`;
    if (wholes !== undefined && decimal.wholeDigits > wholes) return `it has more than ${wholes} digits before the point`;
    writeDecimal(scale === undefined ? decimal : { ...decimal, scale: Math.max(scale, 0) }, out);
    return undefined;
  };
};

const bool: EncodeValue = (value, out) => {
  if (typeof value !== "boolean") return "it is neither true nor false";
  out.reserve(5);
  out.view.setInt32(out.at, 1);
  out.bytes[out.at + 4] = value ? 1 : 0;
  out.at += 5;
  return undefined;
};

const bytea: EncodeValue = (value, out) => {
  if (!types.isUint8Array(value)) return "it is no Uint8Array";
  out.blob(value);
  return undefined;
};

const json =
  (kind: "json" | "jsonb"): EncodeValue =>
  (value, out) => {
    const written = jsonOf(value);
    return written === undefined ? "it cannot be written as JSON" : jsonText(kind)(written, out);
  };

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // a bigint, or an object that holds itself
  }
}

const uuid: EncodeValue = (value, out) => {
  const hex = typeof value === "string" ? value.replaceAll("-", "") : "";
  if (!/^[0-9a-fA-F]{32}$/.test(hex)) return "it is no UUID";
  out.blob(Buffer.from(hex, "hex"));
  return undefined;
};

const array = (element: PostgresType): EncodeValue => {
  const encode = encoderOf(element);
  return (value, out) => {
    if (encode === undefined) return `COPY cannot write ${element.name}`;
    const dimensions = Array.isArray(value) ? dimensionsOf(value) : undefined;
    if (dimensions === undefined) return Array.isArray(value) ? "its inner lists differ in length" : "it is no list";
    const items = (value as unknown[]).flat(dimensions.length - 1) as unknown[];
    const start = out.at;
    out.int32(0);
    out.int32(items.length === 0 ? 0 : dimensions.length);
    out.int32(items.some((item) => item === null || item === undefined) ? 1 : 0);
    out.int32(element.oid);
    if (items.length > 0) for (const length of dimensions) (out.int32(length), out.int32(1));
    for (const [index, item] of items.entries()) {
      const fault = item === null || item === undefined ? out.int32(-1) : encode(item, out);
      if (typeof fault === "string") return `at [${index}] ${fault}`;
    }
    out.view.setInt32(start, out.at - start - 4);
    return undefined;
  };
};

/** The lengths of lists in lists; `undefined` where they differ from one to the next. */
function dimensionsOf(list: readonly unknown[]): number[] | undefined {
  if (!list.some(Array.isArray)) return [list.length];
  const inner = list.map((item) => (Array.isArray(item) ? dimensionsOf(item) : undefined));
  const [first] = inner;
  return first !== undefined && inner.every((one) => one?.join() === first.join()) ? [list.length, ...first] : undefined;
}

const ENCODERS: Readonly<Record<Exclude<PostgresKind, "text" | "numeric" | "array" | "other">, EncodeValue>> = {
  bool,
  int2: whole(2),
  int4: whole(4),
  int8,
  float4,
  float8,
  bytea,
  date,
  time,
  timestamp: timestamp(false),
  timestamptz: timestamp(true),
  json: json("json"),
  jsonb: json("jsonb"),
  uuid,
};
