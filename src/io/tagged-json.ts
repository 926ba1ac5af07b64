import { types } from "node:util";
import { IOError } from "../base/errors.js";

/**
 * JSON that gives back what it was given. What JSON lacks is written as an object with one key that begins with `$`:
 * `{"$date":"2026-01-01T00:00:00.000Z"}`, `{"$bigint":"1"}`, `{"$map":[[k,v]]}`, `{"$set":[v]}`, `{"$bytes":"<base64>"}`,
 * `{"$buffer":"<base64>"}`, `{"$undefined":true}`, `{"$number":"NaN"}`. An object of the user's that looks like one is
 * wrapped: `{"$object":{"$date":"mine"}}`.
 * @param root - path of the value, for errors
 */
export function encodeTagged(value: unknown, assetKey: string, root: () => readonly string[] = () => ["$"]): string {
  try {
    // Most values need no tag; to look is ten times as fast as to copy them.
    return JSON.stringify(isPlain(value, PLAIN_DEPTH) ? value : new Encoder(assetKey, root()).encode(value));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const deep = error.message.includes("call stack");
    throw new IOError(
      "IO.VALUE_TOO_LARGE",
      `The value of asset "${assetKey}" is too ${deep ? "deeply nested" : "large"} for one JSON text.`,
      {
        fix: deep ? "Return flatter data." : "Return an async iterable of rows, or use FileParquetIOManager.",
        cause: error,
      },
    );
  }
}

/** The value of a text that {@link encodeTagged} made. @throws SyntaxError for text that is no such JSON */
export function decodeTagged(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  return text.includes('"$') ? decode(parsed) : parsed;
}

/** Deeper values, and so those that hold themselves, are left to the encoder. */
const PLAIN_DEPTH = 32;

/** Whether JSON keeps the value as it is. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || depth === 0) return false;
  if (Array.isArray(value)) return isPlainArray(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  if (Object.getOwnPropertySymbols(value).length > 0) return false;
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0]?.startsWith("$")) return false;
  for (const key of keys) if (!isPlain((value as Record<string, unknown>)[key], depth - 1)) return false;
  return true;
}

function isPlainArray(items: readonly unknown[], depth: number): boolean {
  if ("toJSON" in items) return false;
  for (let index = 0; index < items.length; index++) if (!isPlain(items[index], depth - 1)) return false;
  return true;
}

class Encoder {
  private readonly path: string[];
  private readonly ancestors = new Set<object>();

  constructor(
    private readonly assetKey: string,
    root: readonly string[],
  ) {
    this.path = [...root];
  }

  encode(value: unknown): unknown {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        if (Number.isFinite(value) && !Object.is(value, -0)) return value;
        return { $number: Object.is(value, -0) ? "-0" : String(value) };
      case "bigint":
        return { $bigint: String(value) };
      case "undefined":
        return { $undefined: true };
      case "object":
        return value === null ? null : this.encodeObject(value);
      default:
        throw this.refused(typeof value === "function" ? "a function" : "a symbol");
    }
  }

  private encodeObject(value: object): unknown {
    if (types.isDate(value)) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
    if (Buffer.isBuffer(value)) return { $buffer: value.toString("base64") };
    if (types.isUint8Array(value)) return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
    if (this.ancestors.has(value)) throw this.refused("a reference back to an object that holds it");
    this.ancestors.add(value);
    const encoded = this.encodeContainer(value);
    this.ancestors.delete(value);
    return encoded;
  }

  private encodeContainer(value: object): unknown {
    if (Array.isArray(value)) return Array.from(value, (item, index) => this.at(`[${index}]`, item));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (types.isMap(value) && hasPlainBase(prototype)) {
      return { $map: Array.from(value, ([key, item], index) => [this.at(`.key(${index})`, key), this.at(`.get(${label(key)})`, item)]) };
    }
    if (types.isSet(value) && hasPlainBase(prototype))
      return { $set: Array.from(value, (item, index) => this.at(`.item(${index})`, item)) };
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw this.refused(`an instance of class ${className(value)}`);
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.refused("an object with symbols as keys");
    const keys = Object.keys(value);
    const encoded: Record<string, unknown> = {};
    for (const key of keys) {
      const item = this.at(
        /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
        (value as Record<string, unknown>)[key],
      );
      if (key === "__proto__") Object.defineProperty(encoded, key, { value: item, enumerable: true, writable: true, configurable: true });
      else encoded[key] = item;
    }
    return keys.length === 1 && keys[0]?.startsWith("$") ? { $object: encoded } : encoded;
  }

  private at(step: string, item: unknown): unknown {
    if (typeof item === "string" || item === null || typeof item === "boolean") return item;
    this.path.push(step);
    const encoded = this.encode(item);
    this.path.pop();
    return encoded;
  }

  private refused(what: string): IOError {
    return new IOError(
      "IO.VALUE_NOT_STORABLE",
      `Asset "${this.assetKey}" returned a value that JSON cannot keep: ${this.path.join("")} is ${what}.`,
      {
        fix: "Return plain data: objects, arrays, Map, Set, Date, bigint, bytes and simple values; or give the asset an IO manager of your own.",
      },
    );
  }
}

/** Map.prototype and Set.prototype of any realm stand right above Object.prototype; a subclass does not. */
function hasPlainBase(prototype: unknown): boolean {
  const base: unknown = Object.getPrototypeOf(prototype);
  return base !== null && Object.getPrototypeOf(base) === null;
}

function className(value: object): string {
  const made: unknown = (value as { constructor?: unknown }).constructor;
  return typeof made === "function" && made.name !== "" ? made.name : "without a name";
}

function label(key: unknown): string {
  return typeof key === "string" ? JSON.stringify(key) : typeof key === "object" ? "…" : String(key);
}

function decode(node: unknown): unknown {
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) {
    for (let index = 0; index < node.length; index++) {
      const item: unknown = node[index];
      if (typeof item === "object") node[index] = decode(item);
    }
    return node;
  }
  const fields = node as Record<string, unknown>;
  const keys = Object.keys(fields);
  const [only] = keys;
  if (keys.length === 1 && only?.startsWith("$")) return decodeTag(only, fields[only]);
  return decodeFields(fields, keys);
}

function decodeFields(fields: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  for (const key of keys) {
    const item = fields[key];
    if (typeof item === "object") fields[key] = decode(item); // an own "__proto__" is set as a field: JSON.parse made it one
  }
  return fields;
}

function decodeTag(tag: string, body: unknown): unknown {
  if (tag === "$undefined") return undefined;
  if (tag === "$date" && (body === null || typeof body === "string")) return new Date(body ?? Number.NaN);
  if (typeof body === "string") {
    if (tag === "$bigint") return BigInt(body);
    if (tag === "$number") return Number(body);
    if (tag === "$buffer") return Buffer.from(body, "base64");
    if (tag === "$bytes") return new Uint8Array(Buffer.from(body, "base64"));
  }
  if (Array.isArray(body)) {
    if (tag === "$map") return new Map(body.map((entry: unknown) => decode(entry) as [unknown, unknown]));
    if (tag === "$set") return new Set(body.map(decode));
  }
  if (tag === "$object" && typeof body === "object" && body !== null) {
    return decodeFields(body as Record<string, unknown>, Object.keys(body));
  }
  throw new UnknownTagError(tag);
}

/** The text is JSON, but has a tag that no version known here writes. */
export class UnknownTagError extends IOError {
  constructor(readonly tag: string) {
    super("IO.UNKNOWN_TAG", `The stored JSON has an unknown tag ${tag}.`, { fix: "Read it with the version of Millrace that wrote it." });
  }
}
