import { IOError } from "../../base/errors.js";
import type { InputContext } from "../../config/io-manager.js";
import { columnsOfTable, type TableColumnInfo } from "../../postgres/catalog-table.js";
import { quoted, quotedTable, shownTable } from "../../postgres/identifier.js";
import type { PoolClient } from "../../postgres/postgres-pool.js";
import { type ReadSource, readRows } from "../../postgres/read-rows.js";
import { described } from "../places/attempt-file.js";
import { unknownColumn } from "../rows/cut-rows.js";
import { type ColumnNature, decodeColumn } from "./postgres-column.js";
import { filterSql } from "./postgres-filter.js";
import type { PostgresHome, StoredColumn, StoredRows } from "./postgres-home.js";
import type { PostgresPlace } from "./postgres-place.js";
import { partitionCondition } from "./postgres-publication.js";

/** Reads the rows of an asset, or of a partition of it, from the table where they were published. */
export class PostgresRows {
  constructor(
    private readonly home: PostgresHome,
    private readonly place: PostgresPlace,
    private readonly context: InputContext,
  ) {}

  /** @throws {@link IOError} `IO.NOT_FOUND` where nothing was published; of a table that somebody else fills: where it has no rows of the partition */
  async mustExist(client: PoolClient): Promise<void> {
    const columns = await columnsOfTable(client, this.place.table);
    if (columns !== undefined && ((await this.#published(client)) !== undefined || (await this.#isOthers(client, columns)))) return;
    const { assetKey, partitionKey } = this.context;
    const partition = partitionKey === undefined ? "" : ` --partition ${JSON.stringify(partitionKey)}`;
    const why = columns === undefined ? "does not exist" : "has no rows of it";
    throw new IOError(
      "IO.NOT_FOUND",
      `${described(this.context)} has no stored value: table ${shownTable(this.place.table)} ${why}. It was never materialized, or its value was removed.`,
      { fix: `Materialize "${assetKey}" first: millrace materialize ${JSON.stringify(assetKey)}${partition}` },
    );
  }

  /** The rows, batch after batch, as the client's transaction sees them. */
  async *batches(client: PoolClient): AsyncGenerator<object[]> {
    const { place } = this;
    await this.#begin(client);
    // A scan of a large table would begin where another one is: rows come in the order in which they lie.
    await client.query("SET LOCAL synchronize_seqscans = off");
    const columns = (await columnsOfTable(client, place.table)) ?? [];
    const source = await this.#source(client, columns);
    yield* readRows(client, source, "leave");
    await client.query("COMMIT");
  }

  /**
   * Begins a transaction that sees one state of the rows, of their table and of what is known of them, whatever is published meanwhile. The
   * lock comes before the snapshot, which would else be older than a table that takes another's place.
   */
  async #begin(client: PoolClient): Promise<void> {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    try {
      await client.query(`LOCK TABLE ${quotedTable(this.place.table)} IN ACCESS SHARE MODE`);
    } catch (error) {
      if ((error as { code?: unknown }).code !== NO_PLAIN_TABLE) throw error;
      await client.query("ROLLBACK");
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    }
  }

  async #source(client: PoolClient, columns: readonly TableColumnInfo[]): Promise<ReadSource> {
    const { place, context } = this;
    const known = new Map(columns.map((column) => [column.name, column]));
    const stored = this.#columnsOf(await this.#published(client), columns);
    const wanted = context.columns?.map((name) => stored.find((column) => column.name === name) ?? this.#unknown(name, stored)) ?? stored;
    for (const name of Object.keys(context.where ?? {})) if (!stored.some((column) => column.name === name)) this.#unknown(name, stored);
    const condition = partitionCondition(place, context.partitionKey, setting(0), columns);
    const filter = filterSql(context.where ?? {}, known, (index) => setting(index + 1));
    await this.#bind(client, [context.partitionKey ?? "", ...filter.values]);
    const shared = wanted.filter(({ name }) => known.has(name));
    const selected = shared.map(({ name }) => (known.get(name)?.type.kind === "other" ? `${quoted(name)}::text` : quoted(name)));
    const sql = `COPY (SELECT ${selected.join(", ")} FROM ${quotedTable(place.table)} WHERE ${condition} AND ${filter.sql}) TO STDOUT (FORMAT binary)`;
    const read = shared.map(({ name, nature }) => ({ name, decode: decodeColumn(nature, (known.get(name) as TableColumnInfo).type) }));
    return { sql, columns: read, shown: shownTable(place.table) };
  }

  /** COPY takes no bound values: they are settings that last as long as the transaction. */
  async #bind(client: PoolClient, values: readonly string[]): Promise<void> {
    const calls = values.map((_, index) => `set_config('millrace.v${index}', $${index + 1}, true)`);
    await client.query(`SELECT ${calls.join(", ")}`, [...values]);
  }

  /** Those that were published, in their order; of rows that somebody else wrote: all, as the asset declares them. */
  #columnsOf(
    published: StoredRows | undefined,
    columns: readonly TableColumnInfo[],
  ): { readonly name: string; readonly nature: ColumnNature | undefined }[] {
    if (published !== undefined) return [...published.columns];
    const declared = new Map(this.context.schema?.columns.map(({ name, type }): [string, ColumnNature] => [name, `declared:${type}`]));
    const own = this.context.partitionKey === undefined ? undefined : this.place.partitionColumn;
    const all = columns.filter(({ name }) => name !== own || declared.has(name));
    return all.map(({ name }) => ({ name, nature: declared.get(name) }));
  }

  #published(client: PoolClient): Promise<StoredRows | undefined> {
    const { partitionKey } = this.context;
    return this.home.published(client, { table: this.place.table, ...(partitionKey === undefined ? {} : { partitionKey }) });
  }

  /** Whether somebody else has put the rows there. */
  async #isOthers(client: PoolClient, columns: readonly TableColumnInfo[]): Promise<boolean> {
    const { place, context } = this;
    if (context.partitionKey === undefined) return (await this.home.ownerOf(client, place.table)) === undefined;
    const where = partitionCondition(place, context.partitionKey, "$1", columns);
    if (!where.includes("$1")) return false;
    return (await client.query(`SELECT FROM ${quotedTable(place.table)} WHERE ${where} LIMIT 1`, [context.partitionKey])).rows.length > 0;
  }

  #unknown(name: string, stored: readonly Pick<StoredColumn, "name">[]): never {
    throw unknownColumn(name, stored.map((column) => column.name), this.context.assetKey); // prettier-ignore
  }
}

/** SQLSTATE: a foreign table or a materialized view, which nobody can lock, and of which we publish none. */
const NO_PLAIN_TABLE = "42809";

function setting(index: number): string {
  return `current_setting('millrace.v${index}')`;
}
