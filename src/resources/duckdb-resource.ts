import type { DuckDBConnection } from "@duckdb/node-api";
import { IsBoolean, IsObject, IsOptional, IsString } from "class-validator";
import { toMs, type Duration } from "../base/duration.js";
import { ConfigurableResource, type ResourceContext } from "../config/configurable-resource.js";
import { DuckDBSession } from "../duckdb/duckdb-session.js";
import { Relation } from "../duckdb/relation.js";
import { RowStream } from "../model/row-stream.js";

/**
 * A database of DuckDB: a file, or memory that lasts as long as the run. A file is open only while a call lasts, since DuckDB locks it for the whole
 * process: other processes wait their turn. Whole numbers come as numbers, and are an error where one would be rounded: cast them to VARCHAR, or take them
 * from `relation(sql).bigints("column")`.
 * @example
 * ```ts
 * resources: [DuckDBResource.with({ path: "data/warehouse.duckdb" })]
 * ```
 */
export class DuckDBResource extends ConfigurableResource {
  /** The database file, which comes into being with the first write. @defaultValue none: memory */
  @IsOptional()
  @IsString()
  path?: string;

  /** Whether `run` and `connection` are refused what changes the file; several processes may then use it at once. @defaultValue false */
  @IsBoolean()
  readOnly = false;

  /** Settings of DuckDB, e.g. `{ memory_limit: "4GB", threads: 4 }`. DuckDB's are the whole process's. @defaultValue none; memory is limited to 512 MB, beyond which it spills to disk */
  @IsObject()
  settings: Record<string, string | number | boolean> = {};

  /** How long a call waits for other processes that have the file. @defaultValue one minute */
  lockTimeout: Duration = "1m";

  #session: DuckDBSession | undefined;
  #signal: AbortSignal | undefined;

  protected override setup({ signal }: ResourceContext): void {
    this.#signal = signal;
  }

  protected override async teardown(): Promise<void> {
    await this.#session?.close();
    this.#session = undefined;
  }

  /** The rows of a query; values are bound to `?` or `$1`. */
  async query<Row = Record<string, unknown>>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const batch of this.#open().batches({ sql, values })) for (const row of batch.toRows()) rows.push(row as Row);
    return rows;
  }

  /** The rows of a query one at a time, in bounded memory. The result is put aside first, so that nobody waits while they are taken. */
  stream<Row = Record<string, unknown>>(sql: string, values: readonly unknown[] = []): RowStream<Row> {
    const session = this.#open();
    return new RowStream(async function* () {
      for await (const batch of session.batches({ sql, values })) yield batch.toRows() as Row[];
    });
  }

  /** Runs a statement that changes something. @returns how many rows it changed */
  run(sql: string, values: readonly unknown[] = []): Promise<number> {
    return this.#open().run({ sql, values });
  }

  /** A lazy query of this database, to be composed with others; see {@link Relation}. */
  relation<Row = Record<string, unknown>>(sql: string): Relation<Row> {
    return new Relation<Row>([this.#open().source(sql)]);
  }

  /**
   * Statements of one transaction, on a connection of the package `@duckdb/node-api` whose default is this database: committed when the work resolves,
   * rolled back when it rejects. The file is held meanwhile.
   */
  connection<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#open().transaction(work);
  }

  #open(): DuckDBSession {
    return (this.#session ??= new DuckDBSession({
      path: this.path,
      readOnly: this.readOnly,
      settings: this.settings,
      waitMs: toMs(this.lockTimeout, "lockTimeout of DuckDBResource"),
      signal: this.#signal,
    }));
  }
}
