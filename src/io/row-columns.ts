import { types } from "node:util";
import { IOError } from "../base/errors.js";
import { encodeTagged } from "./tagged-json.js";

/** What a column holds, beside null. */
export type ColumnKind = "number" | "bigint" | "string" | "boolean" | "date" | "bytes" | "json";

/** A column as it was met in the rows so far. */
export interface RowColumn {
  readonly name: string;
  /** `undefined` while only null was met. */
  kind: ColumnKind | undefined;
  /** Of numbers: each is a whole one that 64 bits keep. */
  wholeNumbers: boolean;
  /** Of bigints: each fits 64 bits. */
  fits64: boolean;
}

/** A value as DuckDB is fed with it: dates as milliseconds, objects as JSON text. */
export type Cell = number | bigint | string | boolean | Uint8Array | null;

const INT64_LIMIT = 2n ** 63n;

/** Finds the columns of rows that come batch by batch, in the order in which they first appear. */
export class RowColumns {
  readonly columns: RowColumn[] = [];
  private readonly names = new Set<string>();
  private lastKeys: readonly string[] = [];

  constructor(private readonly assetKey: string) {}

  /** Learns the rows' columns. @returns each column's cells, in the order of `columns` @param firstRow - number of the batch's first row, from 0 */
  take(rows: readonly object[], firstRow: number): Cell[][] {
    for (let index = 0; index < rows.length; index++) this.learnKeys(rows[index], firstRow + index);
    return this.columns.map((column) => this.cells(column, rows as readonly Record<string, unknown>[], firstRow));
  }

  private learnKeys(row: object | undefined, rowNumber: number): void {
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw new IOError("IO.ROW_NOT_STORABLE", `Asset "${this.assetKey}" gave no object as row ${rowNumber}, but ${describe(row)}.`, {
        fix: "Return objects with one field per column.",
      });
    }
    const keys = Object.keys(row);
    if (sameKeys(keys, this.lastKeys)) return;
    this.lastKeys = keys;
    for (const name of keys) {
      if (this.names.has(name)) continue;
      this.names.add(name);
      this.columns.push({ name, kind: undefined, wholeNumbers: true, fits64: true });
    }
  }

  private cells(column: RowColumn, rows: readonly Record<string, unknown>[], firstRow: number): Cell[] {
    const { name } = column;
    const inherited = name in Object.prototype; // a column called "constructor" must not read the row's own class
    const cells = new Array<Cell>(rows.length);
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] as Record<string, unknown>;
      const value = inherited && !Object.hasOwn(row, name) ? null : row[name];
      cells[index] = value === null || value === undefined ? null : this.cell(column, value, firstRow + index);
    }
    return cells;
  }

  private cell(column: RowColumn, value: unknown, rowNumber: number): Cell {
    const kind = kindOf(value);
    if (kind === undefined || kind !== column.kind) this.learnKind(column, kind, value, rowNumber);
    switch (kind) {
      case "number":
        if (column.wholeNumbers && (!Number.isSafeInteger(value) || Object.is(value, -0))) column.wholeNumbers = false;
        return value as number;
      case "bigint":
        if (column.fits64 && ((value as bigint) >= INT64_LIMIT || (value as bigint) < -INT64_LIMIT)) column.fits64 = false;
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

function sameKeys(keys: readonly string[], others: readonly string[]): boolean {
  if (keys.length !== others.length) return false;
  for (let index = 0; index < keys.length; index++) if (keys[index] !== others[index]) return false;
  return true;
}
