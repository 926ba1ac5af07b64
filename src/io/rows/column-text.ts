import type { Json } from "../../base/canonical-json.js";
import type { ColumnShape } from "../../model/column-type.js";
import { decodeTagged, encodeTagged } from "../tagged-json.js";

/** A text or a JSON value that is none of its column's type. */
export class UnfitText extends Error {}

/**
 * A value of a declared column as JSON that other programs read too: decimals, dates, times and bigints as text, moments in ISO form, bytes in
 * base64, NaN and the infinities by name.
 */
export function jsonOf(value: unknown, shape: ColumnShape, assetKey: string): Json {
  if (value === null || value === undefined) return null;
  switch (shape.kind) {
    case "bigint":
      return String(value);
    case "float64":
      return Number.isFinite(value) ? (value as number) : String(value);
    case "timestamp":
    case "timestamptz":
      return (value as Date).toISOString();
    case "bytes":
      return Buffer.from(value as Uint8Array).toString("base64");
    case "json":
      return JSON.parse(encodeTagged(value, assetKey)) as Json;
    case "list":
      return (value as readonly unknown[]).map((item) => jsonOf(item, shape.of, assetKey));
    case "struct":
      return Object.fromEntries(shape.fields.map(({ name, of }) => [name, jsonOf((value as Record<string, unknown>)[name], of, assetKey)]));
    default:
      return value as Json;
  }
}

/** The value behind such JSON. @throws {@link UnfitText} */
export function valueOf(json: Json | undefined, shape: ColumnShape): unknown {
  if (json === null || json === undefined) return null;
  switch (shape.kind) {
    case "bigint":
      return bigintOf(json);
    case "int32":
    case "int64":
      return wholeOf(json, shape.kind);
    case "float64":
      return floatOf(json);
    case "boolean":
      return expect(json, typeof json === "boolean");
    case "timestamp":
    case "timestamptz":
      return momentOf(json);
    case "bytes":
      return new Uint8Array(Buffer.from(textIn(json), "base64"));
    case "json":
      return decodeTagged(JSON.stringify(json));
    case "list":
      if (!Array.isArray(json)) throw unfit(json);
      return json.map((item) => valueOf(item, shape.of));
    case "struct":
      if (typeof json !== "object" || Array.isArray(json)) throw unfit(json);
      return Object.fromEntries(shape.fields.map(({ name, of }) => [name, valueOf((json as Record<string, Json>)[name], of)]));
    default:
      return textIn(json);
  }
}

/** A value of a declared column as text: as its JSON says, without quotes around text; what has parts is JSON. */
export function textOf(value: unknown, shape: ColumnShape, assetKey: string): string | null {
  const json = jsonOf(value, shape, assetKey);
  if (json === null && shape.kind !== "json") return null;
  if (value === null || value === undefined) return null;
  return hasParts(shape) ? JSON.stringify(json) : String(json as string | number | boolean);
}

/** The value behind such a text. @throws {@link UnfitText} */
export function valueOfText(text: string | null, shape: ColumnShape): unknown {
  if (text === null) return null;
  if (hasParts(shape)) return valueOf(parsed(text), shape);
  switch (shape.kind) {
    case "boolean":
      if (text !== "true" && text !== "false") throw unfit(text);
      return text === "true";
    case "int32":
    case "int64":
      if (!/^[+-]?\d+$/.test(text)) throw unfit(text);
      return wholeOf(Number(text), shape.kind);
    case "float64":
      if (text.trim() === "") throw unfit(text);
      return floatOf(Number.isNaN(Number(text)) ? text : Number(text));
    default:
      return valueOf(text, shape);
  }
}

function hasParts({ kind }: ColumnShape): boolean {
  return kind === "json" || kind === "list" || kind === "struct";
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw unfit(text);
  }
}

function wholeOf(json: Json, kind: "int32" | "int64"): number {
  if (!Number.isSafeInteger(json) || (kind === "int32" && ((json as number) | 0) !== json)) throw unfit(json);
  return json as number;
}

function floatOf(json: Json): number {
  if (typeof json === "number") return json;
  if (json === "NaN" || json === "Infinity" || json === "-Infinity") return Number(json);
  throw unfit(json);
}

function bigintOf(json: Json): bigint {
  if (!/^[+-]?\d+$/.test(String(json))) throw unfit(json);
  return BigInt(json as string);
}

/** A moment without a zone is read as UTC. */
function momentOf(json: Json): Date {
  const text = textIn(json);
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) || /^\d{4}-\d\d-\d\d$/.test(text) ? text : `${text.replace(" ", "T")}Z`;
  const moment = new Date(zoned);
  if (Number.isNaN(moment.getTime())) throw unfit(json);
  return moment;
}

function textIn(json: Json): string {
  if (typeof json !== "string") throw unfit(json);
  return json;
}

function expect(json: Json, fits: boolean): Json {
  if (!fits) throw unfit(json);
  return json;
}

const SHOWN_CHARS = 60;

function unfit(json: Json): UnfitText {
  const text = JSON.stringify(json);
  return new UnfitText(text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}…`);
}
