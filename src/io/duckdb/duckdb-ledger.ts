import type { DuckDBConnection } from "@duckdb/node-api";
import { sqlLiteral } from "../../duckdb/sql-text.js";
import type { Stored } from "../places/attempt-file.js";
import { LEDGER_SCHEMA, type TableName } from "./duckdb-table-name.js";
import { storedColumns, type StoredColumn } from "../rows/stored-columns.js";

/** What was published of an asset, or of one of its partitions. */
export interface Publication {
  readonly name: TableName;
  readonly attemptId: string;
  readonly rowCount: number;
  /** The columns as the rows had them. */
  readonly columns: readonly StoredColumn[];
}

/** The table in a DuckDB file that tells which attempt's rows it has, of which asset and partition, and what their columns were. */
export class DuckDBLedger {
  readonly #table: string;

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly catalog: string,
  ) {
    this.#table = `${catalog}.${LEDGER_SCHEMA}.stored`;
  }

  async create(): Promise<void> {
    await this.connection.run(`CREATE SCHEMA IF NOT EXISTS ${this.catalog}.${LEDGER_SCHEMA}`);
    await this.connection.run(
      `CREATE TABLE IF NOT EXISTS ${this.#table} (asset_key VARCHAR NOT NULL, partition VARCHAR, table_schema VARCHAR NOT NULL, ` +
        `table_name VARCHAR NOT NULL, attempt_id VARCHAR NOT NULL, row_count BIGINT NOT NULL, columns VARCHAR NOT NULL)`,
    );
  }

  /** What is published; `undefined`: nothing, or nothing ever was in this file. */
  async find(stored: Stored): Promise<Publication | undefined> {
    if (!(await this.#exists())) return undefined;
    const [row] = await this.#rows(
      `SELECT table_schema, table_name, attempt_id, row_count, columns FROM ${this.#table} WHERE ${whereOf(stored)}`,
    );
    if (row === undefined) return undefined;
    const [schema, table, attemptId, rowCount, columns] = row.map(String) as [string, string, string, string, string];
    return { name: { schema, table }, attemptId, rowCount: Number(rowCount), columns: storedColumns(columns) };
  }

  /** The asset whose rows are in the table. */
  async ownerOf({ schema, table }: TableName): Promise<string | undefined> {
    const [row] = await this.#rows(
      `SELECT asset_key FROM ${this.#table} WHERE lower(table_schema) = lower(${sqlLiteral(schema)}) AND lower(table_name) = lower(${sqlLiteral(table)}) LIMIT 1`,
    );
    return row === undefined ? undefined : String(row[0]);
  }

  /** Whether anything else of the asset is published than this. */
  async hasOthers(stored: Stored): Promise<boolean> {
    const [row] = await this.#rows(
      `SELECT count(*) FROM ${this.#table} WHERE asset_key = ${sqlLiteral(stored.assetKey)} AND NOT (${whereOf(stored)})`,
    );
    return Number(row?.[0]) > 0;
  }

  async record(stored: Stored, { name, attemptId, rowCount }: Omit<Publication, "columns">, columns: string): Promise<void> {
    const values = [stored.assetKey, stored.partitionKey ?? null, name.schema, name.table, attemptId, rowCount, columns];
    await this.connection.run(`DELETE FROM ${this.#table} WHERE ${whereOf(stored)}`);
    await this.connection.run(`INSERT INTO ${this.#table} VALUES (${values.map(sqlLiteral).join(", ")})`);
  }

  async #exists(): Promise<boolean> {
    const found = await this.#rows(
      `SELECT 1 FROM duckdb_tables() WHERE database_name = ${sqlLiteral(this.catalog.replaceAll('"', ""))} AND schema_name = '${LEDGER_SCHEMA}' AND table_name = 'stored'`,
    );
    return found.length > 0;
  }

  async #rows(sql: string): Promise<readonly unknown[][]> {
    return (await this.connection.runAndReadAll(sql)).getRows();
  }
}

function whereOf({ assetKey, partitionKey }: Stored): string {
  return `asset_key = ${sqlLiteral(assetKey)} AND partition IS NOT DISTINCT FROM ${sqlLiteral(partitionKey ?? null)}`;
}
