import type { PoolClient } from "pg";
import { writtenColumns } from "./copy-columns.js";
import { CopyIn } from "./copy-in.js";
import { type WrittenColumn, writeHeader, writeRow, writeTrailer } from "./copy-rows.js";
import { CopyWriter } from "./copy-writer.js";
import { quoted, quotedTable, shownTable, type TableName } from "./identifier.js";
import { PostgresError } from "./postgres-error.js";

/** A message is sent when it has so many bytes: larger ones gain nothing. */
export const MESSAGE_BYTES = 128 * 1024;

/** Rows that are loaded: all there, or as they come. */
export type Rows = Iterable<object> | AsyncIterable<object>;

/** The `COPY` that takes rows of these columns. */
export function copyInSql(table: TableName, columns: readonly string[], options = ""): string {
  const list = columns.length === 0 ? "" : ` (${columns.map(quoted).join(", ")})`; // a list of none is no SQL; a table may have no columns
  return `COPY ${quotedTable(table)}${list} FROM STDIN (FORMAT binary${options})`;
}

/**
 * Loads the rows by one binary COPY, in bounded memory, and gives their number; all of them or none.
 * @param columns - those that are written; a field beside them is not looked at. Absent: the fields of the first row, and a row with another is refused
 */
export async function loadRows(
  client: PoolClient,
  table: TableName,
  given: { readonly rows: Rows; readonly columns?: readonly string[] },
): Promise<number> {
  const rows = await peeked(given.rows);
  try {
    const names = given.columns ?? (rows.first === undefined ? [] : Object.keys(rows.first));
    if (names.length === 0 && rows.first === undefined) return 0;
    const columns = await writtenColumns(client, table, names);
    const copy = await CopyIn.begin(client, copyInSql(table, names));
    const loader = new RowLoader(copy, columns, { table: shownTable(table), known: given.columns ? undefined : new Set(names) });
    return await filled(loader, rows.all, copy);
  } catch (error) {
    await rows.close();
    throw error;
  }
}

async function filled(loader: RowLoader, rows: Rows, copy: CopyIn): Promise<number> {
  try {
    for await (const row of rows) {
      const sent = loader.add(row);
      if (sent !== undefined) await sent;
    }
    return await loader.end();
  } catch (error) {
    await copy.fail("the rows could not be read or do not fit");
    throw error === copy.error || error instanceof PostgresError ? error : new RowsFault(error);
  }
}

/** What the source of the rows threw; it is not the database's fault. */
export class RowsFault extends Error {
  constructor(override readonly cause: unknown) {
    super("The rows could not be read.");
  }
}

/** Rows on their way into one COPY. */
class RowLoader {
  readonly #out = new CopyWriter();
  readonly #place: { row: number; table: string };
  #lastKeys: readonly string[] = [];

  constructor(
    private readonly copy: CopyIn,
    private readonly columns: readonly WrittenColumn[],
    private readonly options: { readonly table: string; readonly known: ReadonlySet<string> | undefined },
  ) {
    this.#place = { row: 0, table: options.table };
    writeHeader(this.#out);
  }

  /** @returns when the next row may come; `undefined`: at once */
  add(row: object): Promise<void> | undefined {
    if (typeof row !== "object" || row === null || Array.isArray(row)) throw this.#noRow(row);
    if (this.options.known !== undefined) this.#checkKeys(row, this.options.known);
    writeRow(row, this.columns, this.#out, this.#place);
    this.#place.row++;
    return this.#out.at < MESSAGE_BYTES ? undefined : this.copy.write(this.#out.take());
  }

  async end(): Promise<number> {
    writeTrailer(this.#out);
    await this.copy.write(this.#out.take());
    return this.copy.end();
  }

  #checkKeys(row: object, known: ReadonlySet<string>): void {
    const keys = Object.keys(row);
    const last = this.#lastKeys;
    if (keys.length === last.length && keys.every((key, index) => key === last[index])) return;
    this.#lastKeys = keys;
    const unknown = keys.find((key) => !known.has(key));
    if (unknown === undefined) return;
    const { row: number, table } = this.#place;
    throw new PostgresError("POSTGRES.LATE_FIELD", `Row ${number} for ${table} has the field "${unknown}", which the first row has not.`, {
      fix: "Name the columns that are wanted: copyFrom(rows, table, { columns: [...] }).",
      fault: { table, column: unknown },
    });
  }

  #noRow(row: unknown): PostgresError {
    const { row: number, table } = this.#place;
    return new PostgresError("POSTGRES.NO_ROW", `Row ${number} for ${table} is no object, but ${row === null ? "null" : Array.isArray(row) ? "a list" : `a ${typeof row}`}.`, {
      fix: "Give objects with one field per column.",
      fault: { table },
    }); // prettier-ignore
  }
}

/** The first row, and all of them with it; `close` tells their source that no more are taken. */
async function peeked(rows: Rows): Promise<{ first: object | undefined; all: Rows; close: () => Promise<unknown> }> {
  if (Array.isArray(rows)) return { first: rows[0] as object | undefined, all: rows, close: () => Promise.resolve() };
  const iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  const { value, done } = await begun(iterator);
  if (done) return { first: undefined, all: [], close: () => Promise.resolve() };
  const first = value as object;
  return { first, all: rest(first, iterator), close: async () => iterator.return?.() };
}

async function begun(iterator: Iterator<object> | AsyncIterator<object>): Promise<IteratorResult<object>> {
  try {
    return await iterator.next();
  } catch (error) {
    throw new RowsFault(error);
  }
}

async function* rest(first: object, iterator: Iterator<object> | AsyncIterator<object>): AsyncGenerator<object> {
  yield first;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
}
