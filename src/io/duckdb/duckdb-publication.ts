import type { DuckDBConnection } from "@duckdb/node-api";
import { IOError } from "../../base/errors.js";
import { parquetSource, sqlLiteral, sqlName } from "../../duckdb/sql-text.js";
import { described, type Stored } from "../places/attempt-file.js";
import { type DuckDBLedger } from "./duckdb-ledger.js";
import { qualified, type TableName } from "./duckdb-table-name.js";

/** The column that tells the partition of a row. */
export const PARTITION_COLUMN = "_partition";

/** The rows that an attempt has staged in a file of Parquet. */
export interface Staged extends Stored {
  readonly path: string;
  readonly attemptId: string;
  readonly name: TableName;
}

interface Column {
  readonly name: string;
  readonly type: string;
}

/** Puts staged rows into their table, in the place of those of the same partition; within the transaction of the connection. */
export class DuckDBPublication {
  readonly #table: string;
  readonly #source: string;

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly ledger: DuckDBLedger,
    private readonly staged: Staged,
    catalog: string,
  ) {
    this.#table = qualified(catalog, staged.name);
    this.#source = parquetSource(staged.path);
  }

  /** @param columns - what the ledger keeps of the columns @throws IOError where the table cannot take the rows */
  async publish(columns: string): Promise<void> {
    const { ledger, staged, connection } = this;
    const incoming = await this.#described(this.#source);
    const owner = await ledger.ownerOf(staged.name);
    if (owner !== undefined && owner !== staged.assetKey) throw this.#taken(`has the rows of asset "${owner}"`);
    const present = await this.#present();
    if (present && owner === undefined) throw this.#taken("is there already, and Millrace did not make it");
    await this.#makeRoom(present, incoming);
    const [row] = await this.#rows(`SELECT count(*) FROM ${this.#source}`);
    const partition = staged.partitionKey === undefined ? "" : `, ${sqlLiteral(staged.partitionKey)} AS ${PARTITION_COLUMN}`;
    await connection.run(`INSERT INTO ${this.#table} BY NAME SELECT *${partition} FROM ${this.#source}`);
    await ledger.record(staged, { name: staged.name, attemptId: staged.attemptId, rowCount: Number(row?.[0]) }, columns);
  }

  /** Leaves a table with every column, and without the rows that are replaced. */
  async #makeRoom(present: readonly Column[] | undefined, incoming: readonly Column[]): Promise<void> {
    const { connection, staged } = this;
    const wanted = staged.partitionKey === undefined ? incoming : [...incoming, { name: PARTITION_COLUMN, type: "VARCHAR" }];
    const isSole = present !== undefined && !(await this.ledger.hasOthers(staged));
    if (present === undefined || (isSole && !sameColumns(present, wanted))) {
      const columns = wanted.map(({ name, type }) => `${sqlName(name)} ${type}`);
      await connection.run(`CREATE OR REPLACE TABLE ${this.#table} (${columns.join(", ")})`);
      return;
    }
    const divided = present.some(({ name }) => name === PARTITION_COLUMN);
    if (divided)
      await connection.run(
        `DELETE FROM ${this.#table} WHERE ${PARTITION_COLUMN} IS NOT DISTINCT FROM ${sqlLiteral(staged.partitionKey ?? null)}`,
      );
    else if (staged.partitionKey === undefined) await connection.run(`DELETE FROM ${this.#table}`);
    for (const column of wanted)
      await this.#fit(
        column,
        present.find(({ name }) => sameName(name, column.name)),
      );
  }

  /** Adds a column that is new, and widens one that can keep all that it has. */
  async #fit({ name, type }: Column, present: Column | undefined): Promise<void> {
    if (present === undefined) return void (await this.connection.run(`ALTER TABLE ${this.#table} ADD COLUMN ${sqlName(name)} ${type}`));
    if (present.type === type || (await this.#isEmpty(this.#source, name))) return;
    const change = `${present.type} → ${type}`;
    if (
      (await this.#isEmpty(this.#table, name)) ||
      change === "INTEGER → BIGINT" ||
      (change === "BIGINT → DOUBLE" && (await this.#isExact(this.#table, name)))
    ) {
      await this.connection.run(`ALTER TABLE ${this.#table} ALTER COLUMN ${sqlName(name)} TYPE ${type}`);
      return;
    }
    if (change === "BIGINT → INTEGER" || (change === "DOUBLE → BIGINT" && (await this.#isExact(this.#source, name)))) return;
    const { schema, table } = this.staged.name;
    throw new IOError(
      "IO.TABLE_SCHEMA",
      `${described(this.staged)} gives column "${name}" as ${type}, but table ${schema}.${table} has it as ${present.type}.`,
      {
        fix: `Give "${name}" the type that the table has, or another name; or drop the table and materialize every partition again.`,
      },
    );
  }

  async #isEmpty(source: string, column: string): Promise<boolean> {
    const [row] = await this.#rows(`SELECT count(${sqlName(column)}) FROM ${source}`);
    return Number(row?.[0]) === 0;
  }

  /** Whether a number of 64 bits keeps every whole number of the column. */
  async #isExact(source: string, column: string): Promise<boolean> {
    const [row] = await this.#rows(`SELECT count(*) FROM ${source} WHERE abs(${sqlName(column)}) > 9007199254740992`);
    return Number(row?.[0]) === 0;
  }

  async #present(): Promise<readonly Column[] | undefined> {
    const { schema, table } = this.staged.name;
    const [catalog = ""] = this.#table.split(".");
    const [found] = await this.#rows(
      `SELECT 1 FROM information_schema.tables WHERE table_catalog = ${sqlLiteral(catalog.replaceAll('"', ""))} AND lower(table_schema) = lower(${sqlLiteral(schema)}) AND lower(table_name) = lower(${sqlLiteral(table)})`,
    );
    return found === undefined ? undefined : this.#described(this.#table);
  }

  async #described(source: string): Promise<Column[]> {
    return (await this.#rows(`DESCRIBE SELECT * FROM ${source}`)).map(([name, type]) => ({ name: String(name), type: String(type) }));
  }

  async #rows(sql: string): Promise<readonly unknown[][]> {
    return (await this.connection.runAndReadAll(sql)).getRows();
  }

  #taken(why: string): IOError {
    const { schema, table } = this.staged.name;
    return new IOError("IO.TABLE_TAKEN", `${described(this.staged)} cannot be kept: table ${schema}.${table} ${why}.`, {
      fix: "Give the asset another key, or its DuckDBIOManager another `schema` or `path`.",
    });
  }
}

function sameColumns(present: readonly Column[], wanted: readonly Column[]): boolean {
  return (
    present.length === wanted.length &&
    present.every(({ name, type }, index) => name === wanted[index]?.name && type === wanted[index].type)
  );
}

/** DuckDB's names do not differ by case alone. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
