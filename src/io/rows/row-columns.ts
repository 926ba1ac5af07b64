import { types } from "node:util";
import { IOError } from "../../base/errors.js";
import { columnTypeText, type ColumnShape } from "../../model/column-type.js";
import type { TableColumn } from "../../model/metadata-value.js";
import type { RowSchema } from "../../model/row-schema.js";
import { DeclaredColumn } from "./declared-column.js";
import { fieldReader, type FieldReader } from "./row-shape.js";
import { encodeTagged } from "../tagged-json.js";

/** What a column holds, beside null. */
export type ColumnKind = "number" | "bigint" | "string" | "boolean" | "date" | "bytes" | "json";

/** A column as it was met in the rows so far, or as it is declared. */
export interface RowColumn {
  readonly name: string;
  /** As the rows are declared; of a column that is found in the rows: `undefined`. */
  readonly declared: DeclaredColumn | undefined;
  /** Of a column that is found in the rows; `undefined` while only null was met. */
  kind: ColumnKind | undefined;
  /** Of numbers: each is a whole one that 64 bits keep. */
  wholeNumbers: boolean;
  /** Of bigints: each fits 64 bits. */
  fits64: boolean;
  /** Whether a row has null there, or lacks the field. */
  nullable: boolean;
}

/**
 * A value as the makers of files and tables are fed with it: moments as milliseconds since 1970, plain data as JSON text, lists as arrays, structs as
 * arrays in the order of their fields. Decimals, dates and times are the text that rows have.
 */
export type Cell = number | bigint | string | boolean | Uint8Array | null | readonly Cell[];

/** Finds the columns of rows that come batch by batch: those declared, or else those met, in the order in which they first appear. */
export class RowColumns {
  readonly columns: RowColumn[] = [];
  private readonly readers: FieldReader[] = [];
  private readonly names = new Set<string>();
  private lastKeys: readonly string[] = [];
  /** Of the row that had them. */
  private lastPrototype: object | null | undefined;
  private readonly declared: boolean;

  constructor(
    private readonly assetKey: string,
    schema?: RowSchema,
  ) {
    this.declared = schema !== undefined;
    for (const column of schema?.columns ?? []) this.add(column.name, new DeclaredColumn(column, assetKey));
  }

  /** Learns the rows' columns. @returns each column's cells, in the order of `columns` @param firstRow - number of the batch's first row, from 0 */
  take(rows: readonly object[], firstRow: number): Cell[][] {
    for (let index = 0; index < rows.length; index++) this.learnKeys(rows[index], firstRow + index);
    return this.columns.map((column, position) => {
      const values = (this.readers[position] as FieldReader)(rows);
      // A column called "constructor" must not read the row's own class.
      if (column.name in Object.prototype)
        rows.forEach((row, index) => (values[index] = Object.hasOwn(row, column.name) ? values[index] : null));
      return column.declared ? column.declared.cells(values, firstRow) : this.cells(column, values, firstRow);
    });
  }

  private learnKeys(row: object | undefined, rowNumber: number): void {
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw new IOError("IO.ROW_NOT_STORABLE", `Asset "${this.assetKey}" gave no object as row ${rowNumber}, but ${describe(row)}.`, {
        fix: "Return objects with one field per column.",
      });
    }
    const prototype = Object.getPrototypeOf(row) as object | null;
    if (prototype === this.lastPrototype && hasKeys(row, this.lastKeys)) return;
    this.lastPrototype = addsNoKeys(prototype) ? prototype : undefined;
    const keys = Object.keys(row);
    this.lastKeys = keys;
    for (const name of keys) {
      if (this.names.has(name)) continue;
      if (this.declared) throw this.undeclared(name, rowNumber);
      this.add(name, undefined).nullable = rowNumber > 0;
    }
  }

  private add(name: string, declared: DeclaredColumn | undefined): RowColumn {
    const column: RowColumn = { name, declared, kind: undefined, wholeNumbers: true, fits64: true, nullable: false };
    this.names.add(name);
    this.columns.push(column);
    this.readers.push(fieldReader(name));
    return column;
  }

  /** In place: a second array for each column of each batch took as long as all else. Values that need no look are passed over by a loop for their kind. */
  private cells(column: RowColumn, values: unknown[], firstRow: number): Cell[] {
    for (let index = 0; index < values.length; index++) {
      index = plainUntil(column, values, index);
      if (index === values.length) break;
      const value = values[index];
      if (value === null || value === undefined) {
        values[index] = null;
        column.nullable = true;
      } else values[index] = this.cell(column, value, firstRow + index);
    }
    return values as Cell[];
  }

  private cell(column: RowColumn, value: unknown, rowNumber: number): Cell {
    const kind = kindOf(value);
    if (kind === undefined || kind !== column.kind) this.learnKind(column, kind, value, rowNumber);
    switch (kind) {
      case "number":
        if (column.wholeNumbers && (!Number.isSafeInteger(value) || Object.is(value, -0))) column.wholeNumbers = false;
        return value as number;
      case "bigint":
        if (column.fits64 && !fits64Bits(value)) column.fits64 = false;
        return value as bigint;
      case "date":
        return this.dateCell(column, value as Date, rowNumber);
      case "json":
        return encodeTagged(value, this.assetKey, () => ["$", `[${rowNumber}]`, `.${column.name}`]);
      default:
        return value as Cell;
    }
  }

  private dateCell(column: RowColumn, value: Date, rowNumber: number): number {
    const ms = value.getTime();
    if (!Number.isNaN(ms)) return ms;
    throw new IOError(
      "IO.ROW_NOT_STORABLE",
      `Column "${column.name}" of asset "${this.assetKey}" holds an invalid Date in row ${rowNumber}.`,
      {
        fix: "Give null where no date is known.",
      },
    );
  }

  private learnKind(column: RowColumn, kind: ColumnKind | undefined, value: unknown, rowNumber: number): void {
    const where = `Column "${column.name}" of asset "${this.assetKey}"`;
    if (kind === undefined) {
      throw new IOError("IO.ROW_NOT_STORABLE", `${where} holds ${describe(value)} in row ${rowNumber}, which a table cannot keep.`, {
        fix: "Give numbers, bigints, text, booleans, Dates, bytes or plain data.",
      });
    }
    if (column.kind !== undefined) {
      throw new IOError("IO.COLUMN_TYPE", `${where} holds ${WORDS[column.kind]} before, and ${WORDS[kind]} in row ${rowNumber}.`, {
        fix: `Give "${column.name}" one type in every row; null is allowed.`,
      });
    }
    column.kind = kind;
  }

  private undeclared(name: string, rowNumber: number): IOError {
    return new IOError(
      "IO.ROW_SCHEMA",
      `Row ${rowNumber} of asset "${this.assetKey}" has the column "${name}", which its schema does not declare.`,
      { fix: `Add "${name}" to the schema, or leave it out of the rows.` },
    );
  }
}

/** The type of a column, as far as its rows were met; of one that has only null: text. */
export function shapeOf({ declared, kind, wholeNumbers }: RowColumn): ColumnShape {
  if (declared) return declared.shape;
  if (kind === "number") return { kind: wholeNumbers ? "int64" : "float64" };
  return { kind: kind === "date" ? "timestamptz" : (kind ?? "string") };
}

/** The column as metadata tells it. */
export function tableColumnOf(column: RowColumn): TableColumn {
  const { name, declared, nullable } = column;
  if (declared) return declared.told;
  return { name, type: columnTypeText(shapeOf(column)), constraints: { nullable } };
}

/** The first place, from this one on, whose value is not its own cell or tells something new of the column. */
function plainUntil({ kind, wholeNumbers, fits64 }: RowColumn, values: readonly unknown[], from: number): number {
  const { length } = values;
  let index = from;
  switch (kind) {
    case "string":
      while (index < length && typeof values[index] === "string") index++;
      return index;
    case "boolean":
      while (index < length && typeof values[index] === "boolean") index++;
      return index;
    case "number":
      if (wholeNumbers) while (index < length && isPlainWhole(values[index])) index++;
      else while (index < length && typeof values[index] === "number") index++;
      return index;
    case "bigint":
      if (fits64) while (index < length && fits64Bits(values[index])) index++;
      else while (index < length && typeof values[index] === "bigint") index++;
      return index;
    default:
      return index;
  }
}

function isPlainWhole(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0);
}

function fits64Bits(value: unknown): boolean {
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value;
}

const WORDS: Readonly<Record<ColumnKind, string>> = {
  number: "numbers",
  bigint: "bigints",
  string: "text",
  boolean: "booleans",
  date: "dates",
  bytes: "bytes",
  json: "objects or lists",
};

function kindOf(value: unknown): ColumnKind | undefined {
  const type = typeof value;
  if (type === "number" || type === "string" || type === "bigint" || type === "boolean") return type;
  if (type !== "object") return undefined;
  if (types.isDate(value)) return "date";
  return types.isUint8Array(value) ? "bytes" : "json";
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** Whether these are the keys of the row, in this order. An array of the keys of each row was a third of all garbage. */
function hasKeys(row: object, keys: readonly string[]): boolean {
  let index = 0;
  for (const key in row) if (key !== keys[index++]) return false;
  return index === keys.length;
}

/** Whether the loop over an object of this prototype meets its own keys only. */
function addsNoKeys(prototype: object | null): boolean {
  for (const _ in prototype) return false;
  return true;
}
