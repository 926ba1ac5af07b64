import { IsIn, IsInt, IsNotEmpty, IsOptional, IsPositive, IsString, Max, MaxLength, Min } from "class-validator";
import { systemClock } from "../../base/clock.js";
import { IOError } from "../../base/errors.js";
import { type InputContext, IOManager, type OutputContext } from "../../config/io-manager.js";
import { Secret } from "../../config/secret.js";
import type { FormName } from "../../model/form.js";
import { MetadataValue } from "../../model/metadata.js";
import { RowStream } from "../../model/row-stream.js";
import { tableColumnsOf } from "../../model/row-schema.js";
import { columnsOfTable } from "../../postgres/catalog-table.js";
import { quotedTable, shownTable } from "../../postgres/identifier.js";
import { RowsFault } from "../../postgres/load-rows.js";
import { PostgresError } from "../../postgres/postgres-error.js";
import { type PoolClient, PostgresPool } from "../../postgres/postgres-pool.js";
import { described } from "../places/attempt-file.js";
import { PostgresHome } from "./postgres-home.js";
import { placeOf, type PostgresPlace } from "./postgres-place.js";
import { nothingToPublish, PostgresPublication } from "./postgres-publication.js";
import { PostgresRows } from "./postgres-rows.js";
import { PostgresStaging } from "./postgres-staging.js";
import { noRows, rowsOf, schemaOf } from "../rows/row-forms.js";
import type { Rows } from "../rows/row-file-io-manager.js";

/** An attempt that has not been published for so long never will be. */
const LEFTOVER_MS = 24 * 3_600_000;
const PREVIEW_ROWS = 5;

/**
 * Keeps each asset's rows in a table of Postgres, each partition's in rows of it, loaded by COPY into a table of the attempt's own and moved in
 * one transaction: who reads sees the old rows or the new ones. Tables, schemas and new columns are made when they are needed.
 * @example
 * ```ts
 * io: PostgresIOManager.with({ dsn: env("WAREHOUSE_DSN"), schema: "warehouse" })
 * ```
 */
export class PostgresIOManager extends IOManager<Rows> {
  /** `postgres://user:password@host:port/database?sslmode=require`; the fields below count before its parts. */
  @Secret()
  @IsOptional()
  @IsString()
  dsn?: string;

  @IsOptional()
  @IsString()
  host?: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(65_535)
  port?: number;

  @IsOptional()
  @IsString()
  database?: string;

  @IsOptional()
  @IsString()
  user?: string;

  @Secret()
  @IsOptional()
  @IsString()
  password?: string;

  /** `require` encrypts, `verify-full` checks the server's certificate too. @defaultValue what the DSN's `sslmode` says, else no encryption */
  @IsOptional()
  @IsIn(["disable", "require", "verify-full"])
  tls?: "disable" | "require" | "verify-full";

  /** How many connections there are at most; a stream that is being read holds one. @defaultValue 10 */
  @IsInt()
  @IsPositive()
  poolSize = 10;

  /** Limit of connecting in milliseconds. @defaultValue 10,000 */
  @IsInt()
  @IsPositive()
  connectTimeoutMs = 10_000;

  /** Limit of each statement in milliseconds. @defaultValue the server's, which is none unless it was set */
  @IsOptional()
  @IsInt()
  @IsPositive()
  statementTimeoutMs?: number;

  /** Schema of all tables. @defaultValue the key without its last part (`a/b/orders`: schema `a/b`), `public` for a key of one part */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(63)
  schema?: string;

  /** Schema of the manager's own tables: what was published, and what is not yet. @defaultValue _millrace */
  @IsString()
  @IsNotEmpty()
  @MaxLength(63)
  stagingSchema = "_millrace";

  /** The column whose value is the partition's key: of type text and the manager's own, or of the rows themselves. @defaultValue _partition */
  @IsString()
  @IsNotEmpty()
  @MaxLength(63)
  partitionColumn = "_partition";

  #opened: { readonly pool: PostgresPool; readonly home: PostgresHome } | undefined;

  #swept = false;

  override get loads(): readonly FormName[] {
    return ["stream"];
  }

  override get pushesDown(): boolean {
    return true;
  }

  protected override async teardown(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.pool.end();
  }

  override async store(stored: Rows, context: OutputContext): Promise<{ table: string }> {
    const batches = rowsOf(stored);
    if (!batches) throw noRows(stored, context.assetKey, this);
    refuseUnstorable(context);
    const { assetKey, partitionKey, attemptId, signal } = context;
    const schema = await schemaOf(stored, context.schema);
    const place = this.#placeOf(context);
    const { pool, home } = this.#open();
    const preview: object[] = [];
    await this.#transaction(context, `storing asset "${context.assetKey}" in ${shownTable(place.table)}`, async (client) => {
      await this.#refuseOthers(client, place, context.assetKey);
      const target = await columnsOfTable(client, place.table);
      const staging = home.stagingOf(context.assetKey, context.attemptId, context.partitionKey);
      await client.query(`DROP TABLE IF EXISTS ${quotedTable(staging)}`);
      const unlogged = context.partitionKey !== undefined || place.keys.length > 0;
      const of = { assetKey, signal, ...(schema && { schema }), ...(partitionKey !== undefined && { partitionKey }) };
      const filled = new PostgresStaging(client, target ?? [], { staging, place, context: of, unlogged });
      await filled.fill(previewed(batches(), preview));
      const { columns, rowCount } = filled;
      await home.tell(client, staging, { assetKey, attemptId, columns, rowCount, stagedAtMs: systemClock.nowMs() });
      const { rows } = await client.query<{ bytes: number }>("SELECT pg_table_size($1::regclass)::float8 AS bytes", [quotedTable(staging)]);
      const types = new Map((await columnsOfTable(client, staging))?.map(({ name, sqlType }) => [name, sqlType]));
      const { host, port, database } = pool.address;
      context.addOutputMetadata({
        "millrace/row_count": MetadataValue.int(rowCount),
        "millrace/bytes": MetadataValue.int(rows[0]?.bytes ?? 0),
        "millrace/column_schema": MetadataValue.tableSchema(
          schema ? tableColumnsOf(schema) : columns.map(({ name }) => ({ name, type: types.get(name) ?? "text" })),
        ),
        "millrace/preview": MetadataValue.table(preview),
        "millrace/path": MetadataValue.path(`postgres://${host}:${port}/${database}/${shownTable(place.table)}`),
      });
    });
    return { table: shownTable(place.table) };
  }

  /** @throws {@link IOError} `IO.NOTHING_TO_PUBLISH` when the attempt's table is gone, or lost its rows in a crash of the server */
  override async publish(context: OutputContext): Promise<void> {
    if ((await this.#publish(context, false)) !== "locked") return;
    await this.#publish(context, false, false); // somebody reads the table all the time: its rows are replaced in their place
  }

  async #publish(context: OutputContext, alone: boolean, maySwap = true): Promise<"done" | "locked"> {
    const place = this.#placeOf(context);
    const { home } = this.#open();
    const { assetKey, attemptId, partitionKey } = context;
    const staging = home.stagingOf(assetKey, attemptId, partitionKey);
    const of = partitionKey === undefined ? {} : { partitionKey };
    const lock = alone ? "pg_advisory_xact_lock" : "pg_advisory_xact_lock_shared";
    try {
      const done = await this.#transaction(context, `publishing asset "${assetKey}" to ${shownTable(place.table)}`, async (client) => {
        await client.query(`SELECT ${lock}(hashtextextended($1, 0))`, [`millrace table ${quotedTable(place.table)}`]);
        const staged = await home.staged(client, staging);
        if (staged === undefined) {
          if ((await home.published(client, { table: place.table, ...of }))?.attemptId === attemptId) return true;
          throw nothingToPublish({ place, staging, staged: { assetKey }, ...of }, "nothing is left");
        }
        await this.#refuseOthers(client, place, assetKey);
        return new PostgresPublication(client, home, { place, staging, staged, ...of }).publish(alone, maySwap);
      });
      return done ? "done" : await this.#publish(context, true, maySwap);
    } catch (error) {
      if (maySwap && error instanceof PostgresError && error.code === "POSTGRES.LOCKED") return "locked";
      throw error;
    }
  }

  override async discard(context: OutputContext): Promise<void> {
    const { pool, home } = this.#open();
    const staging = home.stagingOf(context.assetKey, context.attemptId, context.partitionKey);
    await pool
      .lend(undefined, (client) => client.query(`DROP TABLE IF EXISTS ${quotedTable(staging)}`))
      .catch((error: unknown) => {
        throw pool.explained(error, `discarding what asset "${context.assetKey}" stored`);
      });
  }

  override async sweep(isCurrent: (attemptId: string) => boolean | Promise<boolean>): Promise<string[]> {
    const { pool, home } = this.#open();
    return pool.lend(undefined, (client) => home.sweep(client, async ({ attemptId }) => !(await isCurrent(attemptId))));
  }

  override async load(context: InputContext): Promise<RowStream> {
    const place = this.#placeOf(context);
    const { home } = this.#open();
    const rows = new PostgresRows(home, place, context);
    const doing = `loading asset "${context.assetKey}" from ${shownTable(place.table)}`;
    await this.#lend(context.signal, doing, (client) => rows.mustExist(client));
    return new RowStream(() => this.#batches(rows, context.signal, doing));
  }

  async *#batches(rows: PostgresRows, signal: AbortSignal, doing: string): AsyncGenerator<object[]> {
    const { pool } = this.#open();
    const { client, giveBack } = await pool.borrow(signal);
    let whole = false;
    try {
      for await (const batch of rows.batches(client)) {
        signal.throwIfAborted();
        yield batch;
      }
      whole = true;
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof IOError ? error : pool.explained(error, doing);
    } finally {
      giveBack(!whole);
    }
  }

  async #transaction<T>({ signal }: { readonly signal: AbortSignal }, doing: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.#lend(signal, doing, async (client) => {
      const { home } = this.#open();
      await home.prepare(client);
      await this.#sweepOnce(client, home);
      await client.query("BEGIN");
      const result = await work(client);
      await client.query(result === false ? "ROLLBACK" : "COMMIT");
      return result;
    });
  }

  /** What attempts of long ago left is dropped when the manager is first used. */
  async #sweepOnce(client: PoolClient, home: PostgresHome): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    const nowMs = systemClock.nowMs();
    await home.sweep(client, ({ stagedAtMs }) => nowMs - stagedAtMs > LEFTOVER_MS);
  }

  async #lend<T>(signal: AbortSignal, doing: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const { pool } = this.#open();
    try {
      return await pool.lend(signal, work);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RowsFault) throw error.cause;
      throw error instanceof IOError ? error : pool.explained(error, doing);
    }
  }

  async #refuseOthers(client: PoolClient, { table }: PostgresPlace, assetKey: string): Promise<void> {
    const owner = await this.#open().home.ownerOf(client, table);
    if (owner === undefined || owner === assetKey) return;
    throw new IOError(
      "IO.TABLE_TAKEN",
      `Table ${shownTable(table)} keeps the rows of asset "${owner}", so asset "${assetKey}" cannot have it.`,
      {
        fix: `Name another table in the asset's metadata: { "millrace/table": "schema.name" }; or leave \`schema\` out, so that each key has its own.`,
        allowRetries: false,
      },
    );
  }

  #placeOf({ assetKey, metadata }: Pick<OutputContext, "assetKey" | "metadata">): PostgresPlace {
    return placeOf(assetKey, metadata, { schema: this.schema, partitionColumn: this.partitionColumn });
  }

  #open(): { readonly pool: PostgresPool; readonly home: PostgresHome } {
    return (this.#opened ??= {
      pool: new PostgresPool({ ...this, applicationName: "millrace" }),
      home: new PostgresHome(this.stagingSchema),
    });
  }
}

/** Postgres would refuse a NUL late, and take half a character for another. */
function refuseUnstorable({ assetKey, partitionKey }: OutputContext): void {
  if (partitionKey === undefined || !/[\0\p{Surrogate}]/u.test(partitionKey)) return;
  throw new IOError(
    "IO.PARTITION_KEY",
    `${described({ assetKey, partitionKey })} cannot be kept: text of Postgres holds no NUL and no half character.`,
    {
      fix: "Give the partition another key.",
      allowRetries: false,
    },
  );
}

async function* previewed(batches: AsyncIterable<readonly object[]>, preview: object[]): AsyncGenerator<readonly object[]> {
  for await (const batch of batches) {
    if (preview.length < PREVIEW_ROWS) preview.push(...batch.slice(0, PREVIEW_ROWS - preview.length));
    yield batch;
  }
}
