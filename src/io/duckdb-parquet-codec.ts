import { type FileHandle, open } from "node:fs/promises";
import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { IOError, messageOf } from "../base/errors.js";
import { newId } from "../base/ids.js";
import { type DuckDB, loadDuckDB, processDatabase } from "../duckdb/process-database.js";
import type { TableColumn } from "../model/metadata-value.js";
import { isMissing } from "./attempt-file.js";
import type { CodecContext } from "./codec.js";
import type { Cell, ColumnKind, RowColumn } from "./row-columns.js";
import { RowColumns } from "./row-columns.js";
import type { RowCodec, WrittenRows } from "./row-codec.js";
import { BATCH_ROWS } from "./row-codec.js";
import { decodeTagged } from "./tagged-json.js";

/** How the file says what a column was before it was a column, in the file's key-value metadata under `millrace`. */
interface StoredColumn {
  readonly name: string;
  readonly kind: ColumnKind | "null";
}

/**
 * Rows as a Parquet file (snappy), by DuckDB and column by column: 1,000,000 rows of 10 columns take about two seconds each way.
 * Columns and types are found in the rows. Whole numbers become BIGINT, others DOUBLE, dates TIMESTAMP, objects and lists JSON text;
 * rows come back equal, except that a missing field or `undefined` comes back as null.
 */
export class DuckDBParquetCodec implements RowCodec {
  readonly extension = "parquet";

  async write(
    batches: AsyncIterable<readonly object[]> | Iterable<readonly object[]>,
    path: string,
    context: CodecContext,
  ): Promise<WrittenRows> {
    const duckdb = loadDuckDB();
    const connection = await (await processDatabase()).connect();
    const staging = new StagingTable(duckdb, connection);
    try {
      const rows = new RowColumns(context.assetKey);
      let rowCount = 0;
      for await (const batch of batches) {
        for (let start = 0; start < batch.length; start += BATCH_ROWS) {
          context.signal?.throwIfAborted();
          const part = batch.length <= BATCH_ROWS ? batch : batch.slice(start, start + BATCH_ROWS);
          await staging.append(rows.columns, rows.take(part, rowCount), part.length);
          rowCount += part.length;
        }
      }
      await staging.copyTo(path, rows.columns);
      return { rowCount, columns: rows.columns.map(tableColumn) };
    } catch (error) {
      if (error instanceof IOError || context.signal?.aborted) throw error;
      if (!staging.failed) throw error; // the user's own rows threw
      throw new IOError("IO.WRITE_FAILED", `The rows of asset "${context.assetKey}" cannot be written to ${path}: ${messageOf(error)}`, {
        fix: "Check that the disk has room and that the folder may be written.",
        cause: error,
      });
    } finally {
      await staging.drop();
      connection.closeSync();
    }
  }

  async *read(path: string, context: CodecContext): AsyncGenerator<object[]> {
    const file = await open(path, "r");
    const opened = openedPath(file, path);
    const connection = await (await processDatabase()).connect();
    try {
      const stored = await storedColumns(connection, opened);
      const result = await connection.stream(
        stored === undefined ? `SELECT * FROM ${source(opened)}` : await selectStored(connection, opened, stored),
      );
      if (stored === undefined) {
        for await (const batch of result.yieldRowObjectJs()) yield batch;
        return;
      }
      for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
        context.signal?.throwIfAborted();
        yield toRows(chunk, stored);
      }
    } catch (error) {
      if (isMissing(error) || error instanceof IOError || context.signal?.aborted) throw error;
      throw new IOError(
        "IO.CORRUPT",
        `The stored rows of asset "${context.assetKey}" cannot be read: ${path} is damaged: ${messageOf(error).replaceAll(opened, path)}`,
        {
          fix: `Materialize "${context.assetKey}" again, or restore the file.`,
          cause: error,
        },
      );
    } finally {
      connection.closeSync();
      await file.close();
    }
  }
}

/**
 * The file that is open, whatever is published over its path meanwhile: DuckDB opens a path anew for each statement and each thread,
 * and would mix two versions. Windows has no such path, and refuses to rename over an open file.
 */
export function openedPath(file: Pick<FileHandle, "fd">, path: string): string {
  if (process.platform === "win32") return path;
  return `/${process.platform === "linux" ? "proc/self" : "dev"}/fd/${file.fd}`;
}

/** Rows on their way to the file: a table whose columns come into being with their first value. Spills to disk above 512 MB. */
class StagingTable {
  /** Whether DuckDB, not the source of the rows, refused. */
  failed = false;
  private readonly table = `rows_${newId().replaceAll("-", "")}`;
  private readonly staged: { column: RowColumn; index: number; as: "bigint" | "plain" }[] = [];
  private appender: DuckDBAppender | undefined;
  private chunk: DuckDBDataChunk | undefined;
  private created = false;

  constructor(
    private readonly duckdb: DuckDB,
    private readonly connection: DuckDBConnection,
  ) {}

  async append(columns: readonly RowColumn[], cells: readonly Cell[][], rowCount: number): Promise<void> {
    await this.guard(async () => {
      await this.fitTo(columns);
      this.chunk ??= this.duckdb.DuckDBDataChunk.create(this.staged.map((staged) => this.typeOf(staged)).concat(this.duckdb.BOOLEAN));
      this.appender ??= await this.connection.createAppender(this.table);
      this.chunk.reset();
      this.chunk.rowCount = rowCount;
      for (const [position, { column, index, as }] of this.staged.entries()) {
        const values = cells[index] ?? [];
        this.chunk.setColumnValues(position, this.toValues(values, column.kind, as));
      }
      this.chunk.setColumnValues(this.staged.length, new Array<null>(rowCount).fill(null));
      this.appender.appendDataChunk(this.chunk);
    });
  }

  async copyTo(path: string, columns: readonly RowColumn[]): Promise<void> {
    await this.guard(async () => {
      await this.fitTo(columns);
      this.closeAppender();
      const selected = columns.map((column, index) => `${selection(column, index)} AS ${name(column.name)}`);
      if (selected.length === 0) selected.push("_ AS no_columns");
      const stored: StoredColumn[] = columns.map(({ name: columnName, kind }) => ({ name: columnName, kind: kind ?? "null" }));
      await this.connection.run(
        `COPY (SELECT ${selected.join(", ")} FROM ${this.table}) TO ${text(path)} ` +
          `(FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false, KV_METADATA {millrace: ${text(JSON.stringify({ columns: stored }))}})`,
      );
    });
  }

  async drop(): Promise<void> {
    if (!this.failed) this.closeAppender();
    if (this.created) await this.connection.run(`DROP TABLE IF EXISTS ${this.table}`);
  }

  /** Adds columns that got their kind, and turns bigints that 64 bits cannot keep into text. The last column is always null: a row may have no other. */
  private async fitTo(columns: readonly RowColumn[]): Promise<void> {
    if (!this.created) {
      await this.connection.run(`CREATE TABLE ${this.table} (_ BOOLEAN)`);
      this.created = true;
    }
    const isNew = (column: RowColumn, index: number) => column.kind !== undefined && !this.staged.some((staged) => staged.index === index);
    const added =
      this.staged.length < columns.length ? columns.flatMap((column, index) => (isNew(column, index) ? [{ column, index }] : [])) : [];
    const widened = this.staged.filter(({ column, as }) => as === "bigint" && !column.fits64);
    if (added.length === 0 && widened.length === 0) return;
    this.closeAppender();
    for (const staged of widened) {
      staged.as = "plain";
      await this.connection.run(`ALTER TABLE ${this.table} ALTER COLUMN c${staged.index} TYPE VARCHAR`);
    }
    for (const { column, index } of added) {
      const staged = { column, index, as: column.kind === "bigint" && column.fits64 ? ("bigint" as const) : ("plain" as const) };
      this.staged.push(staged);
      await this.connection.run(`ALTER TABLE ${this.table} ADD COLUMN c${index} ${this.typeOf(staged).toString()}`);
    }
    await this.moveMarkerLast();
  }

  private async moveMarkerLast(): Promise<void> {
    if (this.staged.length === 0) return;
    await this.connection.run(`ALTER TABLE ${this.table} ADD COLUMN moved BOOLEAN`);
    await this.connection.run(`ALTER TABLE ${this.table} DROP COLUMN _`);
    await this.connection.run(`ALTER TABLE ${this.table} RENAME COLUMN moved TO _`);
  }

  private typeOf({ column, as }: { column: RowColumn; as: "bigint" | "plain" }): DuckDBType {
    const { DOUBLE, BIGINT, VARCHAR, BOOLEAN, BLOB } = this.duckdb;
    if (column.kind === "number" || column.kind === "date") return DOUBLE;
    if (column.kind === "boolean") return BOOLEAN;
    if (column.kind === "bytes") return BLOB;
    return as === "bigint" ? BIGINT : VARCHAR;
  }

  private toValues(cells: readonly Cell[], kind: ColumnKind | undefined, as: "bigint" | "plain"): readonly DuckDBValue[] {
    if (kind === "bytes") return cells.map((cell) => (cell === null ? null : new this.duckdb.DuckDBBlobValue(cell as Uint8Array)));
    if (kind === "bigint" && as === "plain") return cells.map((cell) => (cell === null ? null : String(cell)));
    return cells as readonly DuckDBValue[];
  }

  private closeAppender(): void {
    this.appender?.closeSync();
    this.appender = undefined;
    this.chunk = undefined;
  }

  private async guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }
}

function selection({ kind, wholeNumbers }: RowColumn, index: number): string {
  if (kind === undefined) return "NULL::VARCHAR";
  if (kind === "number" && wholeNumbers) return `CAST(c${index} AS BIGINT)`;
  return kind === "date" ? `epoch_ms(CAST(c${index} AS BIGINT))` : `c${index}`;
}

function tableColumn({ name: columnName, kind, wholeNumbers, fits64 }: RowColumn): TableColumn {
  if (kind === undefined) return { name: columnName, type: "VARCHAR" };
  const type = {
    number: wholeNumbers ? "BIGINT" : "DOUBLE",
    bigint: fits64 ? "BIGINT" : "VARCHAR",
    string: "VARCHAR",
    boolean: "BOOLEAN",
    date: "TIMESTAMP",
    bytes: "BLOB",
    json: "JSON",
  };
  return { name: columnName, type: type[kind] };
}

/** The columns as they were given; `undefined`: somebody else wrote the file. */
async function storedColumns(connection: DuckDBConnection, path: string): Promise<StoredColumn[] | undefined> {
  const reader = await connection.runAndReadAll(
    `SELECT decode(value) FROM parquet_kv_metadata(${text(literalGlob(path))}) WHERE decode(key) = 'millrace'`,
  );
  const [row] = reader.getRows();
  return row === undefined ? undefined : (JSON.parse(String(row[0])) as { columns: StoredColumn[] }).columns;
}

/** Numbers and dates are cast where it is cheap, in DuckDB; columns are told apart by position, since DuckDB renames `id` beside `Id`. */
async function selectStored(connection: DuckDBConnection, path: string, stored: readonly StoredColumn[]): Promise<string> {
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source(path)}`);
  const names = described.getRows().map(([columnName]) => name(String(columnName)));
  const selected = stored.map(({ kind }, index) => {
    if (kind === "number") return `CAST(${names[index]} AS DOUBLE)`;
    return kind === "date" ? `CAST(epoch_ms(${names[index]}) AS DOUBLE)` : String(names[index]);
  });
  return `SELECT ${selected.length === 0 ? "NULL" : selected.join(", ")} FROM ${source(path)}`;
}

function toRows(chunk: DuckDBDataChunk, stored: readonly StoredColumn[]): object[] {
  const { rowCount } = chunk;
  const columns = chunk.getColumns();
  const rows: Record<string, unknown>[] = Array.from({ length: rowCount }, () => ({}));
  for (const [position, { name: columnName, kind }] of stored.entries()) {
    const values = columns[position] ?? [];
    const restore = RESTORE[kind];
    for (let index = 0; index < rowCount; index++) {
      const value = values[index] ?? null;
      const restored = restore === undefined || value === null ? value : restore(value);
      if (columnName === "__proto__")
        Object.defineProperty(rows[index], columnName, { value: restored, enumerable: true, writable: true, configurable: true });
      else (rows[index] as Record<string, unknown>)[columnName] = restored;
    }
  }
  return rows;
}

const RESTORE: Partial<Record<StoredColumn["kind"], (value: DuckDBValue) => unknown>> = {
  date: (value) => new Date(value as number),
  bigint: (value) => (typeof value === "string" ? BigInt(value) : value),
  json: (value) => decodeTagged(value as string),
  bytes: (value) => new Uint8Array((value as { bytes: Uint8Array }).bytes),
};

function source(path: string): string {
  return `read_parquet(${text(literalGlob(path))})`;
}

/** A path in which `*`, `?` and `[` mean themselves: DuckDB takes paths that it reads as patterns. */
function literalGlob(path: string): string {
  return path.replace(/[*?[]/g, (character) => `[${character}]`);
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
