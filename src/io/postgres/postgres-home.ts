import { createHash } from "node:crypto";
import type { PoolClient } from "../../postgres/postgres-pool.js";
import { quoted, quotedTable, type TableName } from "../../postgres/identifier.js";
import type { ColumnNature } from "./postgres-column.js";

/** A column of stored rows, in their order. */
export interface StoredColumn {
  readonly name: string;
  readonly nature: ColumnNature;
}

/** What is known of rows that were published. */
export interface StoredRows {
  readonly assetKey: string;
  readonly attemptId: string;
  readonly columns: readonly StoredColumn[];
}

/** What a staging table tells of itself. */
export interface StagedRows extends StoredRows {
  readonly rowCount: number;
  /** Milliseconds since 1970, when it was filled. */
  readonly stagedAtMs: number;
}

/** What has a row of its own in the ledger: an asset's rows, or those of one partition. */
export interface Slot {
  readonly table: Required<TableName>;
  readonly partitionKey?: string;
}

const LEDGER = "stored";
const STAGING = "staging_";

/** The manager's own schema: a ledger of what was published, and the tables of attempts that are not published yet. */
export class PostgresHome {
  #made: Promise<void> | undefined;
  readonly #ledger: string;

  constructor(readonly schema: string) {
    this.#ledger = quotedTable({ schema, table: LEDGER });
  }

  /** Makes the schema and its ledger where they are missing; needs no right to do so where they are there. */
  async prepare(client: PoolClient): Promise<void> {
    this.#made ??= this.#make(client).catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    await this.#made;
  }

  /** Where an attempt's rows wait. */
  stagingOf(assetKey: string, attemptId: string, partitionKey: string | undefined): Required<TableName> {
    const hash = createHash("sha256")
      .update(JSON.stringify([assetKey, attemptId, partitionKey]))
      .digest("hex");
    return { schema: this.schema, table: `${STAGING}${hash.slice(0, 40)}` };
  }

  /** Keeps with the staging table what it holds. */
  async tell(client: PoolClient, staging: TableName, staged: StagedRows): Promise<void> {
    const { rows } = await client.query<{ text: string }>("SELECT quote_literal($1) AS text", [JSON.stringify(staged)]);
    await client.query(`COMMENT ON TABLE ${quotedTable(staging)} IS ${rows[0]?.text}`);
  }

  /** What the staging table holds; `undefined`: there is none. */
  async staged(client: PoolClient, staging: TableName): Promise<StagedRows | undefined> {
    const { rows } = await client.query<{ told: string | null }>(
      "SELECT pg_catalog.obj_description(pg_catalog.to_regclass($1), 'pg_class') AS told",
      [quotedTable(staging)],
    );
    const told = rows[0]?.told;
    return told === null || told === undefined ? undefined : (JSON.parse(told) as StagedRows);
  }

  /** What was published there; `undefined`: nothing. */
  async published(client: PoolClient, slot: Slot): Promise<StoredRows | undefined> {
    if (!(await this.#hasLedger(client))) return undefined;
    const { rows } = await client.query<StoredRows>(
      `SELECT asset_key AS "assetKey", attempt_id AS "attemptId", columns FROM ${this.#ledger} WHERE table_schema = $1 AND table_name = $2 AND slot = $3`,
      [slot.table.schema, slot.table.table, slotName(slot.partitionKey)],
    );
    const [row] = rows;
    return row && { ...row, assetKey: JSON.parse(row.assetKey) as string };
  }

  /** The asset whose rows the table keeps; `undefined`: none's. */
  async ownerOf(client: PoolClient, { schema, table }: Required<TableName>): Promise<string | undefined> {
    if (!(await this.#hasLedger(client))) return undefined;
    const { rows } = await client.query<{ asset_key: string }>(
      `SELECT asset_key FROM ${this.#ledger} WHERE table_schema = $1 AND table_name = $2 LIMIT 1`,
      [schema, table],
    );
    return rows[0] && (JSON.parse(rows[0].asset_key) as string);
  }

  /** Writes down what is published; holds back every other publication of the same until the transaction ends. */
  async record(client: PoolClient, slot: Slot, stored: StoredRows & { readonly rowCount: number }): Promise<void> {
    const { assetKey, attemptId, columns, rowCount } = stored;
    const partition = slot.partitionKey === undefined ? null : JSON.stringify(slot.partitionKey);
    await client.query(
      `INSERT INTO ${this.#ledger} (table_schema, table_name, slot, partition_key, asset_key, attempt_id, columns, row_count) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (table_schema, table_name, slot) DO UPDATE SET asset_key = excluded.asset_key, attempt_id = excluded.attempt_id,
         columns = excluded.columns, row_count = excluded.row_count, stored_at = now()`,
      [slot.table.schema, slot.table.table, slotName(slot.partitionKey), partition, JSON.stringify(assetKey), attemptId, JSON.stringify(columns), rowCount],
    ); // prettier-ignore
  }

  /** Forgets all that was published in a table that is gone. */
  async forget(client: PoolClient, { schema, table }: Required<TableName>): Promise<void> {
    await client.query(`DELETE FROM ${this.#ledger} WHERE table_schema = $1 AND table_name = $2`, [schema, table]);
  }

  /** Drops tables of attempts that are not current. @returns their names */
  async sweep(client: PoolClient, isLeftover: (staged: StagedRows) => boolean | Promise<boolean>): Promise<string[]> {
    const { rows } = await client.query<{ table: string; told: string | null }>(
      `SELECT c.relname AS table, pg_catalog.obj_description(c.oid, 'pg_class') AS told FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r' AND starts_with(c.relname, $2)`,
      [this.schema, STAGING],
    );
    const swept: string[] = [];
    for (const { table, told } of rows) {
      if (told === null || !(await isLeftover(JSON.parse(told) as StagedRows))) continue;
      await client.query(`DROP TABLE IF EXISTS ${quotedTable({ schema: this.schema, table })}`);
      swept.push(table);
    }
    return swept;
  }

  async #make(client: PoolClient): Promise<void> {
    if (await this.#hasLedger(client)) return;
    try {
      await client.query("BEGIN");
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(this.schema)}`);
      await client.query(`CREATE TABLE ${this.#ledger} (
        table_schema text NOT NULL, table_name text NOT NULL, slot text NOT NULL, partition_key text, asset_key text NOT NULL,
        attempt_id text NOT NULL, columns json NOT NULL, row_count bigint NOT NULL, stored_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (table_schema, table_name, slot))`);
      await client.query("COMMIT");
    } catch (error) {
      await client.query("ROLLBACK");
      if (!MADE_MEANWHILE.has(String((error as { code?: unknown }).code))) throw error;
      await this.#make(client); // its transaction is over, or it would not have been in the way
    }
  }

  async #hasLedger(client: PoolClient): Promise<boolean> {
    const { rows } = await client.query<{ there: boolean }>("SELECT pg_catalog.to_regclass($1) IS NOT NULL AS there", [this.#ledger]);
    return rows[0]?.there ?? false;
  }
}

/** SQLSTATE: another process made the schema or the ledger at the same moment. */
const MADE_MEANWHILE: ReadonlySet<string> = new Set(["42P06", "42P07", "23505"]);

/** Partition keys may be longer than an index takes. */
function slotName(partitionKey: string | undefined): string {
  return partitionKey === undefined ? "" : createHash("sha256").update(partitionKey, "utf16le").digest("hex");
}
