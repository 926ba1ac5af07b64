import { open, rename, rm } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { DuckDB } from "../../duckdb/process-database.js";
import { parquetSource, sqlName, sqlString } from "../../duckdb/sql-text.js";
import { typeOf, withPartRows, type PartRows } from "./duckdb-part-rows.js";
import { JoinedFile } from "./parquet-footer.js";
import type { Compression } from "../rows/row-codec.js";
import { shapeOf, type RowColumn } from "../rows/row-columns.js";
import { STORED_KEY, storedText } from "../rows/stored-columns.js";

/** A file of some of the rows, and the types that its columns have. */
interface Part {
  readonly path: string;
  readonly types: readonly string[];
}

/** A part on its way into the file. */
interface PartInWork {
  readonly rows?: PartRows;
  /** It lies in a file of its own. */
  readonly copied: Promise<void>;
  /** And all before it are in the file, as it is itself. */
  readonly written: Promise<void>;
}

const NO_PART: PartInWork = { copied: Promise.resolve(), written: Promise.resolve() };

/**
 * The parts of a file that is written while its rows still come: each is made of staged rows by DuckDB's own threads. The row groups of parts with the
 * same columns are put behind each other as they are; only where a column came late, or got another type, are all rows written again.
 */
export class ParquetParts {
  private readonly parts: Part[] = [];
  private joined: JoinedFile | undefined;
  private closeJoined: (() => Promise<void>) | undefined;
  private last: PartInWork = NO_PART;
  private lastButOne: PartInWork = NO_PART;
  private settled: Promise<unknown> = Promise.resolve();
  private count = 0;
  private underWay = 0;
  private columns: readonly RowColumn[] = [];

  constructor(
    private readonly duckdb: DuckDB,
    private readonly connections: readonly [DuckDBConnection, DuckDBConnection],
    private readonly target: { readonly path: string; readonly compression: Compression },
  ) {}

  /** Whether a part is being written: it gets on while the main thread is left free. */
  get busy(): boolean {
    return this.underWay > 0;
  }

  /** Starts to write the rows when DuckDB has taken those of the part before, which it compresses meanwhile. Returns when the next part may be gathered. */
  async add(rows: PartRows, columns: readonly RowColumn[]): Promise<void> {
    const path = this.count === 0 ? this.target.path : `${this.target.path}.${this.count}`;
    const connection = this.connections[this.count++ % 2] as DuckDBConnection;
    this.underWay++;
    this.columns = columns;
    const part = { path, types: rows.columns.map((column) => this.typeText(column)) };
    const selected = rows.columns.map((column, index) => selection(column, index));
    const columnsSql = selected.length === 0 ? "_ AS no_columns" : selected.join(", ");
    const stored = storedText(rows.columns);
    const statement = (source: string) => this.copySql(`SELECT ${columnsSql} FROM ${source}`, path, stored);
    const { last, lastButOne } = this;
    const copied = (async () => {
      try {
        await last.rows?.taken;
        await lastButOne.copied; // on the same connection
        await withPartRows(this.duckdb, connection, { rows, statement });
      } finally {
        rows.end();
      }
    })();
    const written = copied.then(async () => {
      await last.written;
      await this.join(part);
      this.underWay--;
    });
    this.settled = Promise.allSettled([this.settled, written]);
    [this.lastButOne, this.last] = [last, { rows, copied, written }];
    await last.rows?.taken;
    await lastButOne.written;
  }

  /** Returns when the file is whole. */
  async finish(): Promise<void> {
    await this.last.written;
    await this.joined?.finish();
    await this.close();
    const [first, ...others] = this.parts;
    if (first === undefined || others.length === 0) return;
    const types = this.columns.map((column) => this.typeText(column));
    const selects = this.parts.map((part) => {
      const selected = this.columns.map(({ name }, index) => {
        const source = index < part.types.length ? sqlName(`c${index}`) : "NULL";
        return `CAST(${source} AS ${types[index]}) AS ${sqlName(name)}`;
      });
      return `SELECT ${selected.join(", ")} FROM ${parquetSource(part.path)} AS part(${part.types.map((_, index) => `c${index}`).join(", ") || "none"})`;
    });
    const whole = `${this.target.path}.${this.count++}`;
    await this.connections[0].run(this.copySql(selects.join(" UNION ALL "), whole, storedText(this.columns)));
    await rename(whole, this.target.path);
    for (const { path } of others) await rm(path, { force: true });
  }

  /** Leaves nothing beside the file. */
  async close(): Promise<void> {
    await this.settled;
    await this.closeJoined?.();
    this.closeJoined = undefined;
  }

  /** Removes all that was written beside the file. */
  async discard(): Promise<void> {
    await this.close();
    for (let part = 1; part < this.count; part++) await rm(`${this.target.path}.${part}`, { force: true });
  }

  private async join(part: Part): Promise<void> {
    const [first] = this.parts;
    if (first === undefined || this.parts.length > 1 || !sameTypes(first, part)) {
      this.parts.push(part);
      return;
    }
    if (this.joined === undefined) {
      const file = await open(first.path, "r+");
      this.closeJoined = () => file.close();
      this.joined = await JoinedFile.open(file);
    }
    const file = await open(part.path, "r");
    try {
      await this.joined.append(file);
    } finally {
      await file.close();
    }
    await rm(part.path);
  }

  private copySql(query: string, path: string, stored: string): string {
    const codec = this.target.compression === "none" ? "uncompressed" : this.target.compression;
    return (
      `COPY (${query}) TO ${sqlString(path)} ` +
      `(FORMAT parquet, COMPRESSION ${codec}, USE_TMP_FILE false, KV_METADATA {${STORED_KEY}: ${sqlString(stored)}})`
    );
  }

  private typeText(column: RowColumn): string {
    if (!column.declared && column.kind === "bigint" && !column.fits64) return "VARCHAR";
    return typeOf(this.duckdb, shapeOf(column)).toString();
  }
}

function selection(column: RowColumn, index: number): string {
  const isWhole = !column.declared && column.kind === "number" && column.wholeNumbers;
  const staged = !column.declared && column.kind === undefined ? "NULL::VARCHAR" : `c${index}`;
  return `${isWhole ? `CAST(c${index} AS BIGINT)` : staged} AS ${sqlName(column.name)}`;
}

function sameTypes(part: Part, other: Part): boolean {
  return part.types.length === other.types.length && part.types.every((type, index) => type === other.types[index]);
}
