import { DefinitionError } from "../base/errors.js";
import type { Json } from "../base/canonical-json.js";
import type { ColumnLineage, MetadataValue as Value, TableColumn } from "./metadata-value.js";

/** A value that describes an asset or what happened to it; see the makers beside it. */
export type MetadataValue = Value;

/** What may be given as metadata: a plain value, whose kind is inferred, or one made by `MetadataValue.…`. */
export type MetadataInput =
  MetadataValue | string | number | boolean | bigint | null | undefined | Date | readonly unknown[] | { readonly [key: string]: unknown };

const KINDS = new Set([
  "text",
  "url",
  "path",
  "notebook",
  "md",
  "asset",
  "run",
  "job",
  "int",
  "float",
  "timestamp",
  "bool",
  "null",
  "json",
  "table",
  "table_schema",
  "column_lineage",
  "code_references",
]);

/** Makers of metadata values, one for each kind. */
export const MetadataValue = {
  text: (value: string): MetadataValue => ({ type: "text", value }),
  url: (value: string): MetadataValue => ({ type: "url", value }),
  path: (value: string): MetadataValue => ({ type: "path", value }),
  notebook: (value: string): MetadataValue => ({ type: "notebook", value }),
  md: (value: string): MetadataValue => ({ type: "md", value }),
  asset: (value: string): MetadataValue => ({ type: "asset", value }),
  run: (value: string): MetadataValue => ({ type: "run", value }),
  job: (value: string): MetadataValue => ({ type: "job", value }),
  int: (value: number): MetadataValue => ({ type: "int", value: Math.trunc(value) }),
  float: (value: number): MetadataValue => ({ type: "float", value }),
  bool: (value: boolean): MetadataValue => ({ type: "bool", value }),
  null: (): MetadataValue => ({ type: "null", value: null }),
  json: (value: unknown): MetadataValue => ({ type: "json", value: toJson(value) }),
  /** A moment: a `Date`, or milliseconds since 1970. */
  timestamp: (value: Date | number): MetadataValue => ({ type: "timestamp", value: typeof value === "number" ? value : value.getTime() }),
  /** Rows to show, with their columns where known. */
  table: (records: readonly object[], schema?: readonly TableColumn[]): MetadataValue => ({
    type: "table",
    value: { records: records.map((record) => toJson(record)), ...(schema ? { schema } : {}) },
  }),
  tableSchema: (value: readonly TableColumn[]): MetadataValue => ({ type: "table_schema", value }),
  columnLineage: (value: ColumnLineage): MetadataValue => ({ type: "column_lineage", value }),
  codeReferences: (value: readonly { file: string; line?: number; url?: string }[]): MetadataValue => ({ type: "code_references", value }),
};

/** The metadata with each value's kind written out. @throws {@link DefinitionError} for a value of no kind (a function, a symbol), by its name */
export function normalizeMetadata(metadata: Readonly<Record<string, MetadataInput>>): Record<string, MetadataValue> {
  return Object.fromEntries(Object.entries(metadata).map(([name, input]) => [name, normalizeOne(name, input)]));
}

function normalizeOne(name: string, input: MetadataInput): MetadataValue {
  try {
    return storable(inferred(name, input));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DefinitionError("METADATA.VALUE", `Metadata "${name}" refers to itself, which cannot be stored.`, {
      fix: "Give plain data without cycles.",
      cause: error,
    });
  }
}

function inferred(name: string, input: MetadataInput): MetadataValue {
  if (input === null || input === undefined) return MetadataValue.null();
  if (typeof input === "string") return MetadataValue.text(input);
  if (typeof input === "boolean") return MetadataValue.bool(input);
  if (typeof input === "bigint")
    return Number.isSafeInteger(Number(input)) ? MetadataValue.int(Number(input)) : MetadataValue.text(String(input));
  if (typeof input === "number") return Number.isInteger(input) ? MetadataValue.int(input) : MetadataValue.float(input);
  if (input instanceof Date) return MetadataValue.timestamp(input);
  if (typeof input === "object") {
    const kind = (input as { type?: unknown }).type;
    if (typeof kind === "string" && KINDS.has(kind) && "value" in input) return input as MetadataValue;
    return MetadataValue.json(input);
  }
  throw new DefinitionError("METADATA.VALUE", `Metadata "${name}" is a ${typeof input}, which cannot be stored.`, {
    fix: "Give text, a number, a boolean, a Date, plain data, or a value made by MetadataValue.",
  });
}

/** The value as JSON keeps it: NaN and the infinities as text, and plain data within tables and lists. */
function storable(value: MetadataValue): MetadataValue {
  switch (value.type) {
    case "int":
    case "float":
    case "timestamp":
      return Number.isFinite(value.value) ? value : MetadataValue.text(value.type === "timestamp" ? "Invalid Date" : String(value.value));
    case "json":
    case "table":
    case "table_schema":
    case "column_lineage":
    case "code_references":
      return { type: value.type, value: toJson(value.value) } as MetadataValue;
    default:
      return value;
  }
}

/** Plain data as JSON data: dates as ISO text, bigints as numbers where exact and else as text, maps and sets as objects and lists. */
export function toJson(input: unknown): Json {
  if (input === null || input === undefined) return null;
  switch (typeof input) {
    case "string":
    case "boolean":
      return input;
    case "number":
      return Number.isFinite(input) ? input : String(input);
    case "bigint":
      return Number.isSafeInteger(Number(input)) ? Number(input) : String(input);
    case "object":
      break;
    default:
      return `[${typeof input}]`;
  }
  if (input instanceof Date) return Number.isNaN(input.getTime()) ? "Invalid Date" : input.toISOString();
  if (input instanceof Map) return Object.fromEntries([...input].map(([key, item]) => [String(key), toJson(item)]));
  if (input instanceof Set || Array.isArray(input)) return [...(input as Iterable<unknown>)].map(toJson);
  if (ArrayBuffer.isView(input)) return `[${input.byteLength} bytes]`;
  return Object.fromEntries(Object.entries(input).map(([key, item]) => [key, toJson(item)]));
}
