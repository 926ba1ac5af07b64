import { access, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { mkdirSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { IsOptional, IsString } from "class-validator";
import { toMs, type Duration } from "../../base/duration.js";
import { IOError, isMillraceError, messageOf } from "../../base/errors.js";
import { IOManager, type InputContext, type OutputContext } from "../../config/io-manager.js";
import { DuckDBFile } from "../../duckdb/duckdb-file.js";
import type { OpenSource, RelationSource } from "../../duckdb/relation-source.js";
import { isRelation, Relation } from "../../duckdb/relation.js";
import { sqlLiteral, sqlName } from "../../duckdb/sql-text.js";
import type { HoldMode } from "../../duckdb/read-write-queue.js";
import type { FormName } from "../../model/form.js";
import { RowStream } from "../../model/row-stream.js";
import { attemptAddress, described, fixedAddress, neverStored, type Stored } from "../places/attempt-file.js";
import { unknownColumn } from "../rows/cut-rows.js";
import { DuckDBLedger, type Publication } from "./duckdb-ledger.js";
import { DuckDBParquetCodec } from "../parquet/duckdb-parquet-codec.js";
import { DuckDBPublication, PARTITION_COLUMN } from "./duckdb-publication.js";
import { qualified, tableNameOf } from "./duckdb-table-name.js";
import type { Rows } from "../rows/row-file-io-manager.js";
import { noRows, rowsOf, schemaOf } from "../rows/row-forms.js";
import { Preview, rowsMetadata } from "../rows/rows-metadata.js";
import { readingsOf } from "../rows/stored-readings.js";
import { storedColumnsIn } from "../parquet/parquet-relation.js";

type Place = Pick<OutputContext, "assetKey" | "partitionKey" | "storageDir">;

/**
 * Keeps the rows of each asset in a table of one DuckDB file, for SQL to be asked of: "shop/orders" in `shop.orders`, its partitions told apart by a column
 * `_partition`. An attempt's rows are staged in a Parquet file and put into the table in one transaction when they are published. DuckDB locks a file for
 * its whole process, so it is open only while DuckDB works, and other processes wait their turn.
 */
export class DuckDBIOManager extends IOManager<Rows> {
  /** The database file. @defaultValue `warehouse.duckdb` in the instance's folder for stored values */
  @IsOptional()
  @IsString()
  path?: string;

  /** The schema of all tables. @defaultValue the key without its last part; `main` where that is nothing */
  @IsOptional()
  @IsString()
  schema?: string;

  /** How long to wait for other processes that have the file. @defaultValue one minute */
  lockTimeout: Duration = "1m";

  override get loads(): readonly FormName[] {
    return ["stream", "batches", "arrowTable", "relation"];
  }

  override get pushesDown(): boolean {
    return true;
  }

  override async store(stored: Rows, context: OutputContext): Promise<{ path: string; schema: string; table: string }> {
    const batches = rowsOf(stored);
    if (!batches) throw noRows(stored, context.assetKey, this);
    const path = stagedPath(context);
    const preview = new Preview();
    mkdirSync(dirname(path), { recursive: true });
    try {
      const codec = new DuckDBParquetCodec();
      const copied = isRelation(stored) && !context.schema;
      const { assetKey, signal } = context;
      const schema = copied ? undefined : await schemaOf(stored, context.schema);
      const told = { assetKey, signal, ...(schema && { schema }) };
      const written = await (copied ? codec.copy(stored, path, told, preview) : codec.write(preview.of(batches()), path, told));
      mustBeColumns(
        written.columns.map(({ name }) => name),
        context,
      );
      const name = tableNameOf(context.assetKey, this.schema);
      const address = `${this.#fileOf(context).path}#${name.schema}.${name.table}`;
      context.addOutputMetadata(rowsMetadata({ ...written, preview, path: address }));
      return { path: this.#fileOf(context).path, ...name };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  override async publish(context: OutputContext): Promise<void> {
    const path = stagedPath(context);
    await this.#within("write", context, async (connection, catalog) => {
      const ledger = new DuckDBLedger(connection, catalog);
      if ((await ledger.find(context))?.attemptId === context.attemptId) return;
      await mustBeStaged(path, context);
      const columns = await storedColumnsIn(connection, path);
      const name = tableNameOf(context.assetKey, this.schema);
      await connection.run("BEGIN");
      try {
        await ledger.create();
        await connection.run(`CREATE SCHEMA IF NOT EXISTS ${catalog}.${sqlName(name.schema)}`);
        await new DuckDBPublication(connection, ledger, { ...context, path, name }, catalog).publish(columns ?? "");
        await connection.run("COMMIT");
      } catch (error) {
        await connection.run("ROLLBACK").catch(() => undefined); // what made it fail counts
        throw isMillraceError(error) ? error : this.#refused(error, context);
      }
    });
    await rm(path, { force: true });
  }

  override async discard(context: OutputContext): Promise<void> {
    await rm(stagedPath(context), { force: true });
  }

  override async load(context: InputContext): Promise<unknown> {
    const { columns = [], where = {}, form } = context;
    const published = await this.#published(context);
    const names = published.columns.map(({ name }) => name);
    for (const name of [...columns, ...Object.keys(where)]) if (!names.includes(name)) throw unknownColumn(name, names, context.assetKey);
    if (names.length === 0 && form !== "relation") return new RowStream(() => withoutColumns(published.rowCount));
    const relation = new Relation([this.#source(context)]).take(context);
    switch (form) {
      case "relation":
        return relation;
      case "batches":
        return relation.batches();
      case "arrowTable":
        return relation.toArrow();
      default:
        return relation.stream();
    }
  }

  async #published(context: InputContext): Promise<Publication> {
    const find = (connection: DuckDBConnection, catalog: string) => new DuckDBLedger(connection, catalog).find(context);
    const published = await this.#within("read", context, find).catch((error: unknown) => {
      if ((error as { code?: string }).code === "DUCKDB.NOT_FOUND") return undefined;
      throw error;
    });
    if (published) return published;
    throw neverStored(context, this.#fileOf(context).path);
  }

  #source(context: InputContext): RelationSource {
    return { label: context.assetKey, signal: context.signal, open: (connection) => this.#open(connection, context) };
  }

  async #open(connection: DuckDBConnection, context: InputContext): Promise<OpenSource> {
    const file = this.#fileOf(context);
    const { catalog, release } = await file.hold({ mode: "read", waitMs: this.#waitMs(), signal: context.signal });
    try {
      const published = await new DuckDBLedger(connection, catalog).find(context);
      if (!published) throw neverStored(context, file.path);
      const { name, columns } = published;
      const selected = columns.map((column) => sqlName(column.name)).join(", ") || "NULL AS no_columns";
      const table = qualified(catalog, name);
      const divided = (await connection.runAndReadAll(`DESCRIBE ${table}`)).getRows().some(([column]) => column === PARTITION_COLUMN);
      const where = divided ? ` WHERE ${PARTITION_COLUMN} IS NOT DISTINCT FROM ${sqlLiteral(context.partitionKey ?? null)}` : "";
      return { sql: `SELECT ${selected} FROM ${table}${where}`, readings: readingsOf(columns), brief: true, close: release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  #within<T>(
    mode: HoldMode,
    context: Place & { readonly signal: AbortSignal },
    work: (connection: DuckDBConnection, catalog: string) => Promise<T>,
  ): Promise<T> {
    return this.#fileOf(context).within({ mode, waitMs: this.#waitMs(), signal: context.signal }, work);
  }

  #fileOf({ storageDir }: Pick<Place, "storageDir">): DuckDBFile {
    return DuckDBFile.at(this.path ?? join(storageDir, "warehouse.duckdb"));
  }

  #waitMs(): number {
    return toMs(this.lockTimeout, "lockTimeout of DuckDBIOManager");
  }

  #refused(error: unknown, context: OutputContext): unknown {
    if (context.signal.aborted) return context.signal.reason;
    const { schema, table } = tableNameOf(context.assetKey, this.schema);
    const message = `${described(context)} cannot be put into table ${schema}.${table} of ${this.#fileOf(context).path}: ${messageOf(error)}`;
    return new IOError("IO.TABLE_WRITE", message, {
      fix: "Mend the rows or the table that it names; check that the disk has room.",
      cause: error,
    });
  }
}

function stagedPath(context: Place & { readonly attemptId: string }): string {
  return attemptAddress(fixedAddress(join(context.storageDir, ".duckdb"), context, "parquet"), context.attemptId);
}

async function mustBeStaged(path: string, stored: Stored): Promise<void> {
  await access(path).catch((error: unknown) => {
    throw new IOError("IO.NOTHING_TO_PUBLISH", `${described(stored)} cannot be published: this attempt's file ${path} is gone.`, {
      fix: `Materialize "${stored.assetKey}" again; do not delete .tmp files of a run that is going on.`,
      cause: error,
    });
  });
}

function mustBeColumns(names: readonly string[], { assetKey }: Stored): void {
  const seen = new Map([[PARTITION_COLUMN, PARTITION_COLUMN]]);
  for (const name of names) {
    const other = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    if (other === undefined) continue;
    const taken =
      other === PARTITION_COLUMN
        ? "which DuckDBIOManager keeps for the partition"
        : `beside "${other}", and DuckDB does not tell their case`;
    throw new IOError("IO.COLUMN_NAME", `Asset "${assetKey}" has a column "${name}", ${taken}.`, { fix: `Give "${name}" another name.` });
  }
}

async function* withoutColumns(rowCount: number): AsyncGenerator<object[]> {
  yield await Promise.resolve(Array.from({ length: rowCount }, () => ({})));
}
