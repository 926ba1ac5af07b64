import { DefinitionError } from "../base/errors.js";

/**
 * The type of a column, as text: `string`, `boolean`, `int32`, `int64`, `bigint`, `float64`, `decimal(p,s)`, `date`, `time`, `timestamp`,
 * `timestamptz`, `bytes`, `json`, `list<T>`, `struct<name: T, ...>`.
 *
 * As values of rows: `int32` and `int64` are numbers, `bigint` is a bigint (both 64 bits are INT64 in a file), `decimal` is text ("12.30"),
 * `date` "2025-01-31", `time` "12:34:56.123456", `timestamp` (of no zone, read as UTC) and `timestamptz` (an instant) are a `Date`, `bytes` a
 * `Uint8Array`, `json` plain data, a list an array and a struct an object.
 */
export type ColumnType = string;

/** A column type taken apart. */
export type ColumnShape =
  | { readonly kind: SimpleType }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "list"; readonly of: ColumnShape }
  | { readonly kind: "struct"; readonly fields: readonly { readonly name: string; readonly of: ColumnShape }[] };

const SIMPLE = [
  "string",
  "boolean",
  "int32",
  "int64",
  "bigint",
  "float64",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "bytes",
  "json",
] as const;
/** A column type without parts. */
export type SimpleType = (typeof SIMPLE)[number];

/** The parts of a column type. @throws {@link DefinitionError} for a text that is none, with the types that there are */
export function parseColumnType(type: ColumnType): ColumnShape {
  const parser = new Parser(type);
  const shape = parser.type();
  parser.end();
  return shape;
}

/** The text of a column type, as {@link parseColumnType} reads it. */
export function columnTypeText(shape: ColumnShape): ColumnType {
  switch (shape.kind) {
    case "decimal":
      return `decimal(${shape.precision},${shape.scale})`;
    case "list":
      return `list<${columnTypeText(shape.of)}>`;
    case "struct":
      return `struct<${shape.fields.map(({ name, of }) => `${fieldName(name)}: ${columnTypeText(of)}`).join(", ")}>`;
    default:
      return shape.kind;
  }
}

function fieldName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

class Parser {
  #at = 0;

  constructor(private readonly text: string) {}

  type(): ColumnShape {
    const word = this.#take(/[a-z]\w*/y);
    if (word === "decimal") return this.#decimal();
    if (word === "list") return { kind: "list", of: this.#within(() => this.type()) };
    if (word === "struct") return { kind: "struct", fields: this.#within(() => this.#fields()) };
    if (SIMPLE.includes(word as SimpleType)) return { kind: word as SimpleType };
    throw this.#wrong();
  }

  end(): void {
    if (this.#take(/\s*/y) === undefined || this.#at < this.text.length) throw this.#wrong();
  }

  #decimal(): ColumnShape {
    const parts = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/y;
    parts.lastIndex = this.#at;
    const found = parts.exec(this.text);
    const precision = Number(found?.[1]);
    const scale = Number(found?.[2] ?? 0);
    if (!found || precision < 1 || precision > 38 || scale > precision) throw this.#wrong();
    this.#at = parts.lastIndex;
    return { kind: "decimal", precision, scale };
  }

  #fields(): { name: string; of: ColumnShape }[] {
    const fields: { name: string; of: ColumnShape }[] = [];
    do {
      this.#take(/\s*/y);
      const name = this.#take(/"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*/y);
      if (name === undefined || this.#take(/\s*:\s*/y) === undefined) throw this.#wrong();
      fields.push({ name: name.startsWith('"') ? (JSON.parse(name) as string) : name, of: this.type() });
    } while (this.#take(/\s*,/y) !== undefined);
    return fields;
  }

  #within<T>(inner: () => T): T {
    if (this.#take(/\s*<\s*/y) === undefined) throw this.#wrong();
    const found = inner();
    if (this.#take(/\s*>/y) === undefined) throw this.#wrong();
    return found;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }

  #wrong(): DefinitionError {
    return new DefinitionError("SCHEMA.TYPE", `${JSON.stringify(this.text)} is no column type, from its character ${this.#at + 1} on.`, {
      fix: `Use ${SIMPLE.join(", ")}, decimal(precision,scale) with at most 38 digits, list<type> or struct<name: type, ...>.`,
    });
  }
}
