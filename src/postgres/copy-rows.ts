import type { CopyWriter } from "./copy-writer.js";
import type { DecodeValue } from "./decode-value.js";
import { Unreadable } from "./decode-value.js";
import type { EncodeValue } from "./encode-moment.js";
import { PostgresError } from "./postgres-error.js";

/** A column that rows are written to. */
export interface WrittenColumn {
  readonly name: string;
  /** As an error names it. */
  readonly type: string;
  readonly encode: EncodeValue;
  /** Whether every object has a field of this name, which is not the row's own. */
  readonly inherited: boolean;
}

/** A column that rows are read from. */
export interface ReadColumn {
  readonly name: string;
  readonly decode: DecodeValue;
}

/** "PGCOPY", its signature, no flags and no extension. */
const HEADER = Buffer.from("5047434f50590aff0d0a000000000000000000", "hex");

/** How many characters of a value an error shows. */
const SHOWN_CHARS = 100;

type Row = Readonly<Record<string, unknown>>;

export function writeHeader(out: CopyWriter): void {
  out.reserve(HEADER.length);
  out.bytes.set(HEADER, out.at);
  out.at += HEADER.length;
}

export function writeTrailer(out: CopyWriter): void {
  out.int16(-1);
}

/** Writes one row; what is absent is null. @param place - names the row and its table, for an error @throws {@link PostgresError} for a value that does not fit */
export function writeRow(
  row: object,
  columns: readonly WrittenColumn[],
  out: CopyWriter,
  place: { readonly row: number; readonly table: string },
): void {
  out.int16(columns.length);
  for (let index = 0; index < columns.length; index++) {
    const { name, encode, inherited } = columns[index] as WrittenColumn;
    const value = (row as Row)[name];
    if (value === null || value === undefined || (inherited && !Object.hasOwn(row, name))) out.int32(-1);
    else {
      const fault = encode(value, out);
      if (fault !== undefined) throw misfit(columns[index] as WrittenColumn, value, fault, place);
    }
  }
}

/** The error of a value that does not fit its column. */
export function misfit(
  { name, type }: Pick<WrittenColumn, "name" | "type">,
  value: unknown,
  fault: string,
  { row, table }: { readonly row: number; readonly table: string },
): PostgresError {
  return new PostgresError(
    "POSTGRES.VALUE",
    `Row ${row}: column "${name}" (${type}) of ${table} cannot take ${shownValue(value)}: ${fault}.`,
    {
      fix: "Correct the value, or change the column's type. Nothing was loaded.",
      fault: { table, column: name },
    },
  );
}

/** The value as an error shows it, cut where it is long. */
export function shownValue(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid Date" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  let shown: string;
  try {
    shown = JSON.stringify(value) ?? String(value);
  } catch {
    shown = Array.isArray(value) ? "a list" : "an object";
  }
  if (typeof value === "number") shown = String(value);
  return shown.length > SHOWN_CHARS ? `${shown.slice(0, SHOWN_CHARS)}…` : shown;
}

/** Reads rows out of CopyData messages, and keeps them until they are taken. */
export class RowReader {
  #rows: object[] = [];
  #begun = false;
  #count = 0;
  #column = 0;

  constructor(
    private readonly columns: readonly ReadColumn[],
    private readonly source: string,
  ) {}

  /** How many rows wait to be taken. */
  get waiting(): number {
    return this.#rows.length;
  }

  take(): object[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  /** Reads the rows of one message, which are whole: the server sends one row a message, the header before the first. */
  read(bytes: Buffer, view: DataView, start: number, end: number): void {
    let at = start;
    if (!this.#begun) {
      this.#begun = true;
      at += HEADER.length;
    }
    try {
      while (at < end && view.getInt16(at) >= 0) at = this.#readRow(bytes, view, at + 2);
    } catch (error) {
      throw error instanceof Unreadable ? this.#unreadable(error) : error;
    }
  }

  #readRow(bytes: Buffer, view: DataView, start: number): number {
    const { columns } = this;
    const row: Record<string, unknown> = {};
    let at = start;
    for (let index = 0; index < columns.length; index++) {
      const { name, decode } = columns[index] as ReadColumn;
      const length = view.getInt32(at);
      at += 4;
      this.#column = index;
      const value = length < 0 ? null : decode(bytes, view, at, length);
      if (name === "__proto__") Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true });
      else row[name] = value;
      if (length > 0) at += length;
    }
    this.#rows.push(row);
    this.#count++;
    return at;
  }

  #unreadable({ reason, fix }: Unreadable): PostgresError {
    const { name } = this.columns[this.#column] as ReadColumn;
    return new PostgresError("POSTGRES.UNREADABLE", `Row ${this.#count}: column "${name}" of ${this.source} cannot be read: ${reason}.`, {
      fix: fix ?? "",
      fault: { table: this.source, column: name },
    });
  }
}
