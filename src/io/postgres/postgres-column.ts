import { parseColumnType, type ColumnShape } from "../../model/column-type.js";
import type { PostgresType } from "../../postgres/column-kind.js";
import { decoderOf, type DecodeValue, text } from "../../postgres/decode-value.js";
import { encoderOf, jsonText } from "../../postgres/encode-value.js";
import { millis, type EncodeValue } from "../../postgres/encode-moment.js";
import { encodeTagged, decodeTagged } from "../tagged-json.js";

/** What a column's values are in JavaScript: the kind found in the rows, or the type that the asset declares. */
export type ColumnNature = "number" | "bigint" | "string" | "boolean" | "date" | "bytes" | "json" | "null" | `declared:${string}`;

/** The SQL of the type that a new column of this nature gets. @param whole - of numbers: whole ones only; of bigints: they fit 64 bits */
export function sqlTypeOf(nature: ColumnNature, whole: boolean): string {
  switch (nature) {
    case "number":
      return whole ? "bigint" : "double precision";
    case "bigint":
      return whole ? "bigint" : "numeric";
    case "boolean":
      return "boolean";
    case "date":
      return "timestamptz";
    case "bytes":
      return "bytea";
    case "json":
      return "jsonb";
    case "string":
    case "null":
      return "text";
    default:
      return sqlTypeOfShape(shapeOf(nature));
  }
}

/** How the values of a column are written. JSON goes in tagged, so that it comes back as it was. */
export function encodeColumn(nature: ColumnNature, type: PostgresType, assetKey: string): EncodeValue | undefined {
  const isJson = type.kind === "json" || type.kind === "jsonb";
  if (!isJson) return isJsonNature(nature) ? undefined : encoderOf(type);
  if (!isJsonNature(nature) && nature !== "null") return undefined;
  const write = jsonText(type.kind);
  return (value, out) => write(encodeTagged(value, assetKey), out);
}

/** How the cells of {@link RowColumns} are written: dates are milliseconds by then, objects text. */
export function encodeCell(nature: ColumnNature, type: PostgresType): EncodeValue | undefined {
  const isJson = type.kind === "json" || type.kind === "jsonb";
  if (nature === "json") return isJson ? jsonText(type.kind) : undefined;
  if (nature === "null") return neverCalled;
  if (isJson) return undefined;
  if (nature !== "date") return encoderOf(type);
  if (type.kind === "timestamp" || type.kind === "timestamptz") return millis;
  const write = encoderOf(type);
  return type.kind === "date" && write ? (value, out) => write(new Date(value as number), out) : undefined;
}

const neverCalled: EncodeValue = () => "nothing was expected there";

/** How the values of a column are read, so that they are what was written. */
export function decodeColumn(nature: ColumnNature | undefined, type: PostgresType): DecodeValue {
  if (nature === undefined || nature === "null") return natural(type);
  if (isJsonNature(nature) && (type.kind === "jsonb" || type.kind === "json")) {
    const version = type.kind === "jsonb" ? 1 : 0;
    return (bytes, view, at, length) => decodeTagged(text(bytes, view, at + version, length - version) as string);
  }
  const wanted = wantedOf(nature);
  if (wanted === "bigint" && type.kind !== "int8") return wrapped(type, (value) => BigInt(value as string | number));
  if (wanted === "number" && type.kind === "numeric") return wrapped(type, Number);
  if (wanted === "date" && type.kind === "date") return wrapped(type, (value) => new Date(`${value as string}T00:00:00Z`));
  return decoderOf(type, { int8: wanted === "bigint" ? "bigint" : "number", timestamps: "date" });
}

/** As values of the type come where nobody said what they were: whole numbers as numbers, timestamps as Dates. */
function natural(type: PostgresType): DecodeValue {
  return decoderOf(type, { int8: "number", timestamps: "date" });
}

function wrapped(type: PostgresType, restore: (value: unknown) => unknown): DecodeValue {
  const read = natural(type);
  return (bytes, view, at, length) => restore(read(bytes, view, at, length));
}

function wantedOf(nature: ColumnNature): "number" | "bigint" | "date" | "other" {
  if (nature === "number" || nature === "bigint" || nature === "date") return nature;
  if (!nature.startsWith("declared:")) return "other";
  const { kind, ...rest } = shapeOf(nature);
  if (kind === "list") return (rest as { of: ColumnShape }).of.kind === "bigint" ? "bigint" : "other";
  if (kind === "int32" || kind === "int64" || kind === "float64") return "number";
  if (kind === "timestamp" || kind === "timestamptz") return "date";
  return kind === "bigint" ? "bigint" : "other";
}

function isJsonNature(nature: ColumnNature): boolean {
  return nature === "json" || (nature.startsWith("declared:") && sqlTypeOf(nature, true) === "jsonb");
}

function shapeOf(nature: ColumnNature): ColumnShape {
  return parseColumnType(nature.slice("declared:".length));
}

const SCALARS: Readonly<Partial<Record<ColumnShape["kind"], string>>> = {
  string: "text",
  boolean: "boolean",
  int32: "integer",
  int64: "bigint",
  bigint: "bigint",
  float64: "double precision",
  date: "date",
  time: "time",
  timestamp: "timestamp",
  timestamptz: "timestamptz",
  bytes: "bytea",
};

/** Lists of simple values are arrays; structs, and lists of them, are jsonb. */
function sqlTypeOfShape(shape: ColumnShape): string {
  if (shape.kind === "decimal") return `numeric(${shape.precision},${shape.scale})`;
  if (shape.kind === "list") {
    const element = sqlTypeOfShape(shape.of);
    return element === "jsonb" || element.endsWith("[]") ? "jsonb" : `${element}[]`;
  }
  return SCALARS[shape.kind] ?? "jsonb";
}
