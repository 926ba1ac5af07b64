import { IsIn, IsInt, IsOptional, IsPositive, IsString, Max, Min } from "class-validator";
import type { Knex } from "knex";
import { ConfigError } from "../base/errors.js";
import { ConfigurableResource, type ResourceContext } from "../config/configurable-resource.js";
import { Secret } from "../config/secret.js";
import { explained } from "../postgres/explain-error.js";
import { addressOf, driverSettings } from "../postgres/postgres-settings.js";
import type { PostgresCall } from "./postgres-resource.js";

/** What goes wrong is thrown; knex would print it besides. */
const SILENT: Knex.Logger = { warn() {}, error() {}, deprecate() {}, debug() {} };

/** What knex' types leave out of a client. */
interface KnexClient {
  acquireConnection(): Promise<unknown>;
  releaseConnection(connection: unknown): Promise<void>;
  cancelQuery?(connection: unknown): Promise<unknown>;
}

/**
 * knex, for who likes its query builder: on Postgres, or on a file of SQLite. Loaded when it is first used, destroyed at the end of the run.
 * @example
 * ```ts
 * const open = await db.run(db.knex("orders").where({ status: "open" }).orderBy("id"), { signal: context.signal });
 * ```
 */
export class KnexResource extends ConfigurableResource {
  /** Which database it is. @defaultValue pg */
  @IsIn(["pg", "sqlite"])
  client: "pg" | "sqlite" = "pg";

  /** Of Postgres: `postgres://user:password@host:port/database?sslmode=require`; the fields below count before its parts. */
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

  /** Of SQLite: the path of its file. */
  @IsOptional()
  @IsString()
  filename?: string;

  /** How many connections to Postgres there are at most. @defaultValue 10 */
  @IsInt()
  @IsPositive()
  poolSize = 10;

  /** Limit of connecting to Postgres in milliseconds. @defaultValue 10,000 */
  @IsInt()
  @IsPositive()
  connectTimeoutMs = 10_000;

  #knex: Knex | undefined;
  #runSignal: AbortSignal | undefined;

  protected override setup({ signal }: ResourceContext): void {
    this.#runSignal = signal;
  }

  protected override async teardown(): Promise<void> {
    const knex = this.#knex;
    this.#knex = undefined;
    await knex?.destroy();
  }

  /** knex itself. What is not given to {@link run} is stopped by nothing. */
  get knex(): Knex {
    return (this.#knex ??= this.client === "sqlite" ? this.#sqlite() : this.#postgres());
  }

  /**
   * The result of a query, which ends when a signal aborts: on Postgres by canceling it on the server; SQLite runs a statement to its end.
   * @throws {@link PostgresError} for what Postgres says, SQLite's own error, and the signal's reason
   */
  async run<T>(query: Knex.ChainableInterface<T>, call: PostgresCall = {}): Promise<T> {
    const signal = this.#signalOf(call);
    signal?.throwIfAborted();
    const client = this.knex.client as KnexClient;
    let connection: unknown;
    const stop = (): void => void client.cancelQuery?.(connection).catch(() => undefined); // too late: the query is over
    try {
      connection = await client.acquireConnection();
      signal?.throwIfAborted();
      signal?.addEventListener("abort", stop, { once: true });
      return (await query.connection(connection)) as T;
    } catch (error) {
      signal?.throwIfAborted();
      throw this.client === "pg" ? this.#explained(error) : error;
    } finally {
      signal?.removeEventListener("abort", stop);
      if (connection !== undefined) await client.releaseConnection(connection);
    }
  }

  #postgres(): Knex {
    const { knex } = require("knex") as typeof import("knex");
    return knex({ client: "pg", connection: this.#config() as Knex.PgConnectionConfig, pool: { min: 0, max: this.poolSize }, log: SILENT });
  }

  /** Through libsql, which speaks as better-sqlite3 does and needs no compiler. */
  #sqlite(): Knex {
    const { filename } = this;
    if (filename === undefined)
      throw new ConfigError("KNEX.FILENAME", "KnexResource has no file for SQLite.", {
        fix: 'Give its path: KnexResource.with({ client: "sqlite", filename: "shop.db" }).',
      });
    const { knex } = require("knex") as typeof import("knex");
    const BetterSQLite3 = require("knex/lib/dialects/better-sqlite3") as new (config: Knex.Config) => Knex.Client;
    class LibSQL extends BetterSQLite3 {
      _driver(): unknown {
        return require("libsql");
      }
    }
    return knex({ client: LibSQL as never, connection: { filename }, useNullAsDefault: true, log: SILENT });
  }

  #config(): ReturnType<typeof driverSettings> {
    return driverSettings({ ...this, applicationName: "millrace" });
  }

  #explained(error: unknown): unknown {
    const config = this.#config();
    return explained(error, { address: addressOf(config), password: typeof config.password === "string" ? config.password : undefined });
  }

  #signalOf({ signal }: PostgresCall): AbortSignal | undefined {
    const signals = [this.#runSignal, signal].filter((one) => one !== undefined);
    return signals.length < 2 ? signals[0] : AbortSignal.any(signals);
  }
}
