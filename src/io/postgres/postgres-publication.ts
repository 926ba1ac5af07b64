import { IOError } from "../../base/errors.js";
import { columnsOfTable, type TableColumnInfo } from "../../postgres/catalog-table.js";
import { quoted, quotedTable, retyped, shownTable, type TableName } from "../../postgres/identifier.js";
import type { PoolClient } from "../../postgres/postgres-pool.js";
import { described } from "../places/attempt-file.js";
import { evolutionOf } from "./postgres-evolution.js";
import type { PostgresHome, StagedRows } from "./postgres-home.js";
import type { PostgresPlace } from "./postgres-place.js";

/** What is published. */
export interface PublishedRows {
  readonly place: PostgresPlace;
  readonly staging: Required<TableName>;
  readonly staged: StagedRows;
  readonly partitionKey?: string;
}

/** How long a table that is to be put in another's place waits for its readers, in milliseconds, before its rows are moved one by one. */
const SWAP_WAIT_MS = 2_000;

/** Moves the rows of an attempt to where they are read, within the caller's transaction. */
export class PostgresPublication {
  readonly #target: string;
  readonly #staging: string;

  constructor(
    private readonly client: PoolClient,
    private readonly home: PostgresHome,
    private readonly rows: PublishedRows,
  ) {
    this.#target = quotedTable(rows.place.table);
    this.#staging = quotedTable(rows.staging);
  }

  /** @param alone - whether the table may be made or changed: nobody else publishes to it then @returns false when it had to be, and may not */
  async publish(alone: boolean, maySwap: boolean): Promise<boolean> {
    const { place, staged, partitionKey } = this.rows;
    const target = await columnsOfTable(this.client, place.table);
    const staging = (await columnsOfTable(this.client, this.rows.staging)) ?? [];
    const swaps = maySwap && partitionKey === undefined && place.keys.length === 0 && (await this.#maySwap(target, staging));
    const changes = target === undefined ? [] : this.#changes(target, staging);
    if (!alone && (target === undefined || swaps || changes.length > 0)) return false;
    if (target === undefined) await this.home.forget(this.client, place.table);
    const slot = { table: place.table, ...(partitionKey === undefined ? {} : { partitionKey }) };
    await this.home.record(this.client, slot, staged);
    if (swaps) {
      await this.#swap(target !== undefined);
      return true;
    }
    if (target === undefined) await this.#create(staging);
    else if (changes.length > 0) await this.client.query(`ALTER TABLE ${this.#target} ${changes.join(", ")}`);
    await this.#move(staging);
    await this.client.query(`DROP TABLE ${this.#staging}`);
    return true;
  }

  /** The table takes the other's place: no row is copied. Only where nothing hangs on the old one that would be lost with it. */
  async #swap(exists: boolean): Promise<void> {
    const { table, schema } = this.rows.place.table;
    if (exists) {
      await this.client.query(`SET LOCAL lock_timeout = ${SWAP_WAIT_MS}`);
      await this.client.query(`DROP TABLE ${this.#target}`);
    } else await this.#createSchema();
    await this.client.query(`COMMENT ON TABLE ${this.#staging} IS NULL`);
    await this.client.query(`ALTER TABLE ${this.#staging} SET SCHEMA ${quoted(schema)}`);
    await this.client.query(`ALTER TABLE ${quotedTable({ schema, table: this.rows.staging.table })} RENAME TO ${quoted(table)}`);
  }

  async #maySwap(target: readonly TableColumnInfo[] | undefined, staging: readonly TableColumnInfo[]): Promise<boolean> {
    const logged = await this.#isTrue(
      "SELECT relpersistence = 'p' AS yes FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass($1)",
      this.#staging,
    );
    if (!logged || target === undefined) return logged;
    const widened = (there: TableColumnInfo, here: TableColumnInfo | undefined): boolean =>
      here?.name === there.name && (here.sqlType === there.sqlType || this.#changes([there], [here]).length > 0);
    const same = target.length === staging.length && target.every((column, index) => widened(column, staging[index]));
    return same && (await this.#isTrue(UNTOUCHED, this.#target));
  }

  async #isTrue(sql: string, table: string): Promise<boolean> {
    const { rows } = await this.client.query<{ yes: boolean }>(sql, [table]);
    return rows[0]?.yes === true;
  }

  async #createSchema(): Promise<void> {
    const { schema } = this.rows.place.table;
    const { rows } = await this.client.query("SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", [schema]);
    if (rows.length > 0) return;
    await this.client.query("SAVEPOINT before_schema");
    try {
      await this.client.query(`CREATE SCHEMA ${quoted(schema)}`);
    } catch (error) {
      const isThere = ["42P06", "23505"].includes(String((error as { code?: unknown }).code)); // another one was as quick
      if (!isThere) throw error;
      await this.client.query("ROLLBACK TO before_schema");
    }
  }

  async #create(staging: readonly TableColumnInfo[]): Promise<void> {
    const { place } = this.rows;
    await this.#createSchema();
    const columns = staging.map(({ name, sqlType }) => `${quoted(name)} ${sqlType}`);
    const added = this.#addsColumn(staging);
    if (added) columns.unshift(`${quoted(place.partitionColumn)} text`);
    await this.client.query(`CREATE TABLE ${this.#target} (${columns.join(", ")})`);
    if (added) await this.client.query(`CREATE INDEX ON ${this.#target} (${quoted(place.partitionColumn)})`);
    if (place.keys.length > 0) await this.client.query(`CREATE UNIQUE INDEX ON ${this.#target} (${this.#keys(staging)})`);
  }

  /** Whether the partition's key stands in a column that the rows themselves do not have. */
  #addsColumn(staging: readonly TableColumnInfo[]): boolean {
    const { place, partitionKey } = this.rows;
    if (partitionKey === undefined || place.partitionExpression !== undefined) return false;
    return !staging.some(({ name }) => name === place.partitionColumn);
  }

  #changes(target: readonly TableColumnInfo[], staging: readonly TableColumnInfo[]): string[] {
    const { place, staged } = this.rows;
    const natures = new Map(staged.columns.map(({ name, nature }) => [name, nature]));
    const changes = this.#addsColumn(staging) && !target.some(({ name }) => name === place.partitionColumn) ? [`ADD COLUMN ${quoted(place.partitionColumn)} text`] : []; // prettier-ignore
    for (const { name, type, sqlType } of staging) {
      const there = target.find((column) => column.name === name);
      if (there === undefined) changes.push(`ADD COLUMN ${quoted(name)} ${sqlType}`);
      else if (there.sqlType !== sqlType && evolutionOf(natures.get(name) ?? "null", there.type, type, type.kind === "int8") !== "keep")
        changes.push(retyped(name, sqlType));
    }
    return changes;
  }

  #keys(staging: readonly TableColumnInfo[]): string {
    const { place } = this.rows;
    return [...(this.#addsColumn(staging) ? [place.partitionColumn] : []), ...place.keys].map(quoted).join(", ");
  }

  async #move(staging: readonly TableColumnInfo[]): Promise<void> {
    const { place, partitionKey, staged } = this.rows;
    const where = partitionCondition(place, partitionKey, "$1", (await columnsOfTable(this.client, place.table)) ?? []);
    const values = where.includes("$1") ? [partitionKey] : [];
    const adds = this.#addsColumn(staging);
    if (partitionKey !== undefined && !adds) await this.#refuseStrangers(staging, where, partitionKey);
    if (place.keys.length === 0) await this.client.query(`DELETE FROM ${this.#target} WHERE ${where}`, values);
    const names = [...(adds ? [quoted(place.partitionColumn)] : []), ...staging.map(({ name }) => quoted(name))];
    const selected = [...(adds ? ["$1::text"] : []), ...staging.map(({ name }) => quoted(name))];
    const into = names.length === 0 ? this.#target : `${this.#target} (${names.join(", ")})`;
    const { rowCount } = await this.client.query(`INSERT INTO ${into} SELECT ${selected.join(", ")} FROM ${this.#staging}${this.#onConflict(staging)}`, adds ? [partitionKey] : []); // prettier-ignore
    if (rowCount !== staged.rowCount)
      throw nothingToPublish(this.rows, `it has ${rowCount} of ${staged.rowCount} rows; the server lost them in a crash`);
  }

  #onConflict(staging: readonly TableColumnInfo[]): string {
    const { keys } = this.rows.place;
    if (keys.length === 0) return "";
    const others = staging.filter(({ name }) => !keys.includes(name)).map(({ name }) => `${quoted(name)} = excluded.${quoted(name)}`);
    return ` ON CONFLICT (${this.#keys(staging)}) DO ${others.length === 0 ? "NOTHING" : `UPDATE SET ${others.join(", ")}`}`;
  }

  /** Rows of another partition would never be deleted again. */
  async #refuseStrangers(staging: readonly TableColumnInfo[], where: string, partitionKey: string): Promise<void> {
    const { place } = this.rows;
    const { rows } = await this.client.query<{ count: number }>(
      `SELECT count(*)::float8 AS count FROM ${this.#staging} WHERE (${where}) IS NOT TRUE`,
      [partitionKey],
    );
    const count = rows[0]?.count ?? 0;
    if (count === 0) return;
    const by = place.partitionExpression ?? `column "${place.partitionColumn}"`;
    throw new IOError("IO.OTHER_PARTITION", `${described({ assetKey: this.rows.staged.assetKey, partitionKey })} has ${count === 1 ? "one row" : `${count} rows`} that ${by} puts into another partition; nothing was published.`, {
      fix: "Give the rows of the partition only, or name another partition column in the asset's metadata.",
      allowRetries: false,
    }); // prettier-ignore
  }
}

/** SQL that holds of the partition's rows; of an asset as a whole where its table keeps partitions too: of those without. */
export function partitionCondition(
  place: PostgresPlace,
  partitionKey: string | undefined,
  bound: string,
  columns: readonly TableColumnInfo[],
): string {
  const column = columns.find(({ name }) => name === place.partitionColumn);
  if (partitionKey === undefined)
    return column === undefined || place.partitionExpression !== undefined ? "true" : `${quoted(place.partitionColumn)} IS NULL`;
  if (place.partitionExpression !== undefined) return `(${place.partitionExpression})::text = ${bound}`;
  if (column === undefined) return "false";
  return `${quoted(place.partitionColumn)} = ${bound}::text::${column.sqlType}`;
}

/** The error of an attempt whose rows are gone. */
export function nothingToPublish(
  { place, staged, partitionKey, staging }: Omit<PublishedRows, "staged"> & { readonly staged: { readonly assetKey: string } },
  why: string,
): IOError {
  const of = described({ assetKey: staged.assetKey, ...(partitionKey === undefined ? {} : { partitionKey }) });
  return new IOError("IO.NOTHING_TO_PUBLISH", `${of} cannot be published to table ${shownTable(place.table)}: of its table ${shownTable(staging)}, ${why}.`, {
    fix: `Materialize "${staged.assetKey}" again.`,
  }); // prettier-ignore
}

/** Whether a table is as it was made: nothing hangs on it that would be lost with it. */
const UNTOUCHED = `
  SELECT c.relkind = 'r' AND c.relacl IS NULL AND c.reloptions IS NULL AND NOT c.relhasindex AND NOT c.relhasrules AND NOT c.relhastriggers
    AND NOT c.relrowsecurity AND NOT c.relispartition AND NOT c.relhassubclass AND c.relpersistence = 'p' AND c.relchecks = 0
    AND c.relowner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND (a.attnotnull OR a.atthasdef OR a.attidentity <> '' OR a.attacl IS NOT NULL))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype = 'n')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_description d WHERE d.classoid = 'pg_class'::regclass AND d.objoid = c.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel p WHERE p.prrelid = c.oid) AS yes
  FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1)`;
