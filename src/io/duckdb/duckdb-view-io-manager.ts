import type { DuckDBConnection } from "@duckdb/node-api";
import { IsOptional, IsString } from "class-validator";
import { join, resolve } from "node:path";
import { toMs, type Duration } from "../../base/duration.js";
import { IOError, messageOf } from "../../base/errors.js";
import type { OutputContext } from "../../config/io-manager.js";
import { DuckDBFile } from "../../duckdb/duckdb-file.js";
import { literalGlob, sqlLiteral, sqlName, sqlString } from "../../duckdb/sql-text.js";
import { described, fixedAddress } from "../places/attempt-file.js";
import { PARTITION_COLUMN } from "./duckdb-publication.js";
import { qualified, type TableName, tableNameOf } from "./duckdb-table-name.js";
import { FileParquetIOManager } from "../parquet/parquet-io-manager.js";
import type { Rows } from "../rows/row-file-io-manager.js";

/**
 * Keeps the rows of assets as Parquet files, as its parent does, and in one DuckDB file a view of each asset's, so that SQL finds them by name:
 * "shop/orders" is `shop.orders`, its partitions together, told apart by a column `_partition`. The rows stay in their files: the database is written
 * when a view is new, and who only reads or materializes again waits for nobody.
 */
export class DuckDBViewIOManager extends FileParquetIOManager {
  /** The database file. @defaultValue `warehouse.duckdb` in the instance's folder for stored values */
  @IsOptional()
  @IsString()
  path?: string;

  /** The schema of all views. @defaultValue the key without its last part; `main` where that is nothing */
  @IsOptional()
  @IsString()
  schema?: string;

  /** How long to wait for other processes that have the database file. @defaultValue one minute */
  lockTimeout: Duration = "1m";

  override async store(stored: Rows, context: OutputContext): Promise<{ path: string; database: string; schema: string; view: string }> {
    const { schema, table } = tableNameOf(context.assetKey, this.schema);
    const { path } = await super.store(stored, context);
    return { path, database: this.#fileOf(context).path, schema, view: table };
  }

  override async publish(context: OutputContext): Promise<void> {
    const view = this.#viewOf(context);
    const options = { waitMs: toMs(this.lockTimeout, "lockTimeout of DuckDBViewIOManager"), signal: context.signal };
    const file = this.#fileOf(context);
    const isThere = (connection: DuckDBConnection, catalog: string) => view.isThere(connection, catalog);
    if (await file.within({ ...options, mode: "read" }, isThere).catch(falseWhereNoFile)) return super.publish(context);
    await file.within({ ...options, mode: "write" }, async (connection, catalog) => {
      await view.mustBeFree(connection, catalog);
      await super.publish(context);
      await view.create(connection, catalog).catch((error: unknown) => {
        throw view.refused(error, file.path);
      });
    });
  }

  #viewOf(context: OutputContext): AssetView {
    const folder = resolve(this.folder ?? context.storageDir);
    return new AssetView(context, tableNameOf(context.assetKey, this.schema), folder);
  }

  #fileOf({ storageDir }: Pick<OutputContext, "storageDir">): DuckDBFile {
    return DuckDBFile.at(this.path ?? join(storageDir, "warehouse.duckdb"));
  }
}

type Viewed = Pick<OutputContext, "assetKey" | "partitionKey">;

/** The view of an asset's files. It is bound when it is read: it has the columns that the files have by then. */
class AssetView {
  /** What it may be, the first being what is made. */
  readonly #selects: readonly [string, ...string[]];
  /** With which the comment begins by which it is known as ours. */
  readonly #mark: string;

  constructor(
    private readonly of: Viewed,
    private readonly name: TableName,
    folder: string,
  ) {
    const { assetKey, partitionKey } = of;
    const base = fixedAddress(folder, { assetKey }, "parquet").replace(/\.parquet$/, "");
    if (partitionKey === undefined) this.#selects = [wholeSql(base)];
    else {
      const inFolders = partitionsSql(base, "**/@*");
      const isLong = fixedAddress(folder, { assetKey, partitionKey }, "parquet")
        .slice(base.length + 1)
        .includes("/");
      this.#selects = isLong ? [inFolders] : [partitionsSql(base, "@*"), inFolders];
    }
    this.#mark = `Rows of asset ${JSON.stringify(assetKey)}, kept by Millrace: `;
  }

  async isThere(connection: DuckDBConnection, catalog: string): Promise<boolean> {
    const comments = await this.#comments(connection, catalog);
    return this.#selects.some((select) => comments.includes(`${this.#mark}${select}`));
  }

  /** @throws IOError where its name is a table's or another asset's */
  async mustBeFree(connection: DuckDBConnection, catalog: string): Promise<void> {
    if ((await this.#comments(connection, catalog)).every((comment) => comment?.startsWith(this.#mark))) return;
    const { schema, table } = this.name;
    throw new IOError(
      "IO.TABLE_TAKEN",
      `${described(this.of)} cannot have its view: ${schema}.${table} is there already, and is no view of it.`,
      {
        fix: "Give the asset another key, or its DuckDBViewIOManager another `schema` or `path`.",
      },
    );
  }

  /** In one transaction: a view without its comment would be taken for somebody else's. */
  async create(connection: DuckDBConnection, catalog: string): Promise<void> {
    const view = qualified(catalog, this.name);
    const [select] = this.#selects;
    await connection.run("BEGIN");
    try {
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${catalog}.${sqlName(this.name.schema)}`);
      await connection.run(`CREATE OR REPLACE VIEW ${view} AS ${select}`);
      await connection.run(`COMMENT ON VIEW ${view} IS ${sqlString(`${this.#mark}${select}`)}`);
      await connection.run("COMMIT");
    } catch (error) {
      await connection.run("ROLLBACK").catch(() => undefined); // what made it fail counts
      throw error;
    }
  }

  refused(error: unknown, file: string): IOError {
    const { schema, table } = this.name;
    return new IOError(
      "IO.VIEW",
      `${described(this.of)} is stored, but its view ${schema}.${table} of ${file} cannot be made: ${messageOf(error)}`,
      {
        fix: "Materialize the partition whose file it names again, or make room on the disk; then materialize this one again.",
        cause: error,
      },
    );
  }

  /** Of the views and tables that have the name. */
  async #comments(connection: DuckDBConnection, catalog: string): Promise<readonly (string | null)[]> {
    const named = (column: string) =>
      `database_name = ${sqlLiteral(catalog.replaceAll('"', ""))} AND lower(schema_name) = lower(${sqlLiteral(this.name.schema)}) ` +
      `AND lower(${column}) = lower(${sqlLiteral(this.name.table)})`;
    const found = await connection.runAndReadAll(
      `SELECT comment FROM duckdb_views() WHERE ${named("view_name")} UNION ALL SELECT NULL FROM duckdb_tables() WHERE ${named("table_name")}`,
    );
    return found.getRows().map(([comment]) => (comment === null ? null : String(comment)));
  }
}

function wholeSql(base: string): string {
  return `SELECT * FROM read_parquet(${sqlString(`${literalGlob(base)}.parquet`)})`;
}

/**
 * The files of all partitions; their keys are read off their names.
 * @param names - their pattern. That of long names, which are cut into folders, takes in the files of assets whose keys go on with the asset's: they are left
 * out again, and only their columns would show, as null.
 */
function partitionsSql(base: string, names: string): string {
  const encoded = `regexp_replace(_file[${[...base].length + 3}:], '~/@|\\.parquet$', '', 'g')`;
  return (
    `SELECT * EXCLUDE (_file), CASE ${encoded} WHEN '%' THEN '' ELSE url_decode(${encoded}) END AS ${PARTITION_COLUMN} ` +
    `FROM read_parquet(${sqlString(`${literalGlob(base)}/${names}.parquet`)}, union_by_name = true, filename = '_file') WHERE NOT contains(${encoded}, '/')`
  );
}

function falseWhereNoFile(error: unknown): false {
  if ((error as { code?: string }).code === "DUCKDB.NOT_FOUND") return false;
  throw error;
}
