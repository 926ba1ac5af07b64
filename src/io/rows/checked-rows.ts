import { types } from "node:util";
import { IOError } from "../../base/errors.js";
import { parseColumnType, type ColumnShape } from "../../model/column-type.js";
import type { RowSchema } from "../../model/row-schema.js";
import { isAsyncIterable } from "./row-codec.js";

/**
 * The rows, held against what the asset declares: an array at once, a stream as it is taken. Values of other forms are left as they are.
 * @throws {@link IOError} that names the column, the row (from 0) and the value
 */
export function checkedRows(value: unknown, schema: RowSchema, assetKey: string): unknown {
  const check = new RowCheck(schema, assetKey);
  if (Array.isArray(value)) {
    value.forEach((row, index) => check.row(row, index));
    return value;
  }
  return isAsyncIterable(value) ? checkedStream(value, check) : value;
}

async function* checkedStream(rows: AsyncIterable<unknown>, check: RowCheck): AsyncGenerator<unknown> {
  let index = 0;
  for await (const row of rows) {
    check.row(row, index++);
    yield row;
  }
}

interface CheckedColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly fits: (value: unknown) => boolean;
  /** Rows with the fields of the last one have it. */
  given: boolean;
}

class RowCheck {
  readonly #columns: readonly CheckedColumn[];
  readonly #names: ReadonlySet<string>;
  /** The fields of the last row; rows mostly have the same. */
  #lastNames: readonly string[] = [];

  constructor(
    { columns }: RowSchema,
    private readonly assetKey: string,
  ) {
    this.#columns = columns.map(({ name, type, nullable }) => {
      const fits = valueCheck(parseColumnType(type));
      return { name, type, nullable, fits, given: false };
    });
    this.#names = new Set(columns.map(({ name }) => name));
  }

  row(row: unknown, index: number): void {
    if (typeof row !== "object" || row === null || Array.isArray(row)) throw this.#noRow(row, index);
    const fields = row as Record<string, unknown>;
    const names = Object.keys(fields);
    if (!sameNames(names, this.#lastNames)) this.#learn(names, fields, index);
    for (const { name, type, nullable, fits, given } of this.#columns) {
      const value = given ? fields[name] : undefined;
      if (value === null || value === undefined ? nullable : fits(value)) continue;
      throw this.#unfit(name, type, value, index);
    }
  }

  #learn(names: readonly string[], fields: Record<string, unknown>, index: number): void {
    for (const name of names) if (!this.#names.has(name)) throw this.#undeclared(name, fields[name], index);
    for (const column of this.#columns) column.given = names.includes(column.name);
    this.#lastNames = names;
  }

  #noRow(row: unknown, index: number): IOError {
    return new IOError("IO.ROW_NOT_STORABLE", `Asset "${this.assetKey}" gave no object as row ${index}, but ${shown(row)}.`, {
      fix: "Return objects with one field per column.",
    });
  }

  #unfit(name: string, type: string, value: unknown, index: number): IOError {
    const where = `Column "${name}" of asset "${this.assetKey}"`;
    if (value === null || value === undefined)
      return new IOError("IO.ROW_SCHEMA", `${where} may not be null, but row ${index} has ${String(value)} there.`, {
        fix: `Give it a value, or declare the column nullable: ${JSON.stringify(`${type}?`)}.`,
      });
    return new IOError("IO.ROW_SCHEMA", `${where} is declared ${type}, but row ${index} has ${shown(value)}.`, {
      fix: `Give ${WANTED[parseColumnType(type).kind]}, or declare another type.`,
    });
  }

  #undeclared(name: string, value: unknown, index: number): IOError {
    return new IOError(
      "IO.ROW_SCHEMA",
      `Row ${index} of asset "${this.assetKey}" has the column "${name}" (${shown(value)}), which its schema does not declare.`,
      { fix: `Add "${name}" to the schema, or leave it out of the rows.` },
    );
  }
}

function sameNames(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false;
  for (let index = 0; index < names.length; index++) if (names[index] !== others[index]) return false;
  return true;
}

const WANTED: Readonly<Record<ColumnShape["kind"], string>> = {
  string: "text",
  boolean: "true or false",
  int32: "a whole number of 32 bits",
  int64: "a whole number that a JavaScript number holds exactly; declare bigint for larger ones",
  bigint: "a bigint of 64 bits, e.g. 1n",
  float64: "a number",
  decimal: 'text such as "12.30", with no more digits than declared',
  date: 'text such as "2025-01-31"',
  time: 'text such as "12:34:56.123456"',
  timestamp: "a valid Date",
  timestamptz: "a valid Date",
  bytes: "a Uint8Array",
  json: "plain data",
  list: "an array of such values",
  struct: "an object with these fields",
};

const INT64_LIMIT = 2n ** 63n;
const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?$/;

function valueCheck(shape: ColumnShape): (value: unknown) => boolean {
  switch (shape.kind) {
    case "string":
      return (value) => typeof value === "string";
    case "boolean":
      return (value) => typeof value === "boolean";
    case "int32":
      return (value) => typeof value === "number" && (value | 0) === value;
    case "int64":
      return Number.isSafeInteger;
    case "bigint":
      return (value) => typeof value === "bigint" && value < INT64_LIMIT && value >= -INT64_LIMIT;
    case "float64":
      return (value) => typeof value === "number";
    case "decimal":
      return decimalCheck(shape.precision, shape.scale);
    case "date":
      return isDay;
    case "time":
      return (value) => typeof value === "string" && TIME.test(value);
    case "timestamp":
    case "timestamptz":
      return (value) => types.isDate(value) && !Number.isNaN(value.getTime());
    case "bytes":
      return types.isUint8Array;
    case "json":
      return (value) => typeof value !== "function" && typeof value !== "symbol";
    case "list":
      return listCheck(valueCheck(shape.of));
    case "struct":
      return structCheck(shape.fields.map(({ name, of }) => [name, valueCheck(of)] as const));
  }
}

function decimalCheck(precision: number, scale: number): (value: unknown) => boolean {
  const whole = precision - scale;
  return (value) => {
    const [, digits, fraction = ""] = (typeof value === "string" ? /^-?0*(\d*)(?:\.(\d+))?$/.exec(value) : null) ?? [];
    if (digits === undefined || !/\d/.test(value as string)) return false;
    return digits.length <= whole && fraction.replace(/0+$/, "").length <= scale;
  };
}

/** Parts of lists and structs may be null. */
function listCheck(fits: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every((item) => item === null || item === undefined || fits(item));
}

function structCheck(fields: readonly (readonly [string, (value: unknown) => boolean])[]): (value: unknown) => boolean {
  const names = new Set(fields.map(([name]) => name));
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const given = value as Record<string, unknown>;
    return (
      fields.every(([name, fits]) => given[name] === null || given[name] === undefined || fits(given[name])) &&
      Object.keys(given).every((name) => names.has(name))
    );
  };
}

function isDay(value: unknown): boolean {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const ms = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value);
}

const SHOWN_CHARS = 60;

/** The value as an error shows it. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "bigint") return `the bigint ${value}n`;
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${Object.is(value, -0) ? "-0" : String(value)}`;
  if (typeof value === "string") return `the text ${cut(JSON.stringify(value))}`;
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? "an invalid Date" : `the Date ${value.toISOString()}`;
  if (types.isUint8Array(value)) return `${value.byteLength} bytes`;
  if (typeof value !== "object") return `a ${typeof value}`;
  return `${Array.isArray(value) ? "the list" : "the object"} ${cut(asJson(value))}`;
}

function asJson(value: object): string {
  try {
    return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? `${item}n` : item));
  } catch {
    return Array.isArray(value) ? "[…]" : "{…}";
  }
}

function cut(text: string): string {
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}…`;
}
