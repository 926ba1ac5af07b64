import { IsIn, IsInt, IsOptional, IsPositive, IsString, Max, Min } from "class-validator";
import { ConfigurableResource, type ResourceContext } from "../config/configurable-resource.js";
import { Secret } from "../config/secret.js";
import { RowStream } from "../model/row-stream.js";
import { PostgresConnection, type CopyFromOptions, type CopySource } from "../postgres/postgres-connection.js";
import type { Rows } from "../postgres/load-rows.js";
import { PostgresPool } from "../postgres/postgres-pool.js";

/** How a transaction or statement is stopped. */
export interface PostgresCall {
  /** Stops it, on the server too: hand it `context.signal`. The run's own signal always does. */
  readonly signal?: AbortSignal;
}

/** How a transaction sees the others. */
export interface TransactionOptions extends PostgresCall {
  /** @defaultValue the server's: `read committed`, unless it was set otherwise */
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
  readonly readOnly?: boolean;
}

/**
 * A Postgres: a pool of connections, statements with bound values, transactions, and COPY both ways. Rows are plain objects: int8 is a number
 * (a value beyond 2^53 - 1 is refused; `int8: "bigint"` gives bigints), numeric is text, date and time are text, timestamps are a Date
 * (`timestamps: "text"` gives ISO text to the microsecond), json is parsed, bytea is a Uint8Array.
 * @example
 * ```ts
 * resources: [PostgresResource.with({ dsn: env("WAREHOUSE_DSN") })]
 * ```
 */
export class PostgresResource extends ConfigurableResource {
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

  /** How many connections there are at most. @defaultValue 10 */
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

  /** What an int8 is: a number, where one beyond 2^53 - 1 is refused, or a bigint. @defaultValue number */
  @IsIn(["number", "bigint"])
  int8: "number" | "bigint" = "number";

  /** What a timestamp is: a Date, which keeps milliseconds, or ISO text to the microsecond. @defaultValue date */
  @IsIn(["date", "text"])
  timestamps: "date" | "text" = "date";

  #pool: PostgresPool | undefined;
  #runSignal: AbortSignal | undefined;

  protected override setup({ signal }: ResourceContext): void {
    this.#runSignal = signal;
  }

  protected override async teardown(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end();
  }

  /** The rows of a statement with values bound to `$1`, `$2`, …; a list is an array of SQL, `JSON.stringify` it for a column of JSON. */
  async query<Row extends object = Record<string, unknown>>(
    sql: string,
    values: readonly unknown[] = [],
    call: PostgresCall = {},
  ): Promise<Row[]> {
    return this.#with(call, (connection) => connection.query<Row>(sql, values));
  }

  /** How many rows a statement has changed or given. Several statements, parted by `;`, take no values: the last one counts. */
  async execute(sql: string, values: readonly unknown[] = [], call: PostgresCall = {}): Promise<number> {
    return this.#with(call, (connection) => connection.execute(sql, values));
  }

  /**
   * Runs the work in one transaction: committed when it ends, rolled back when it throws.
   * @example
   * ```ts
   * await warehouse.connection(async (tx) => {
   *   await tx.execute("DELETE FROM orders WHERE day = $1", [day]);
   *   await tx.copyFrom(orders, "orders");
   * }, { signal: context.signal });
   * ```
   */
  async connection<T>(work: (connection: PostgresConnection) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#with(options, async (connection) => {
      await connection.execute(
        `BEGIN${options.isolation ? ` ISOLATION LEVEL ${options.isolation}` : ""}${options.readOnly ? " READ ONLY" : ""}`,
      );
      const result = await work(connection);
      await connection.execute("COMMIT");
      return result;
    });
  }

  /**
   * Loads rows into the table by COPY, all of them or none, in bounded memory. @returns how many
   * @throws {@link PostgresError} `POSTGRES.VALUE` for a value that does not fit, by column, row and value
   */
  async copyFrom(rows: Rows, table: string, { signal, ...options }: CopyFromOptions & PostgresCall = {}): Promise<number> {
    return this.#with(signal ? { signal } : {}, (connection) => connection.copyFrom(rows, table, options));
  }

  /**
   * The rows of a table or query by COPY, in bounded memory: one by one, or as `.batches()`; iterated again, they are read again. A connection is
   * taken until the iteration ends or is left.
   */
  copyTo<Row extends object = Record<string, unknown>>(source: CopySource, call: PostgresCall = {}): RowStream<Row> {
    return new RowStream(() => this.#batches<Row>(source, call));
  }

  async *#batches<Row extends object>(source: CopySource, call: PostgresCall): AsyncGenerator<Row[]> {
    const signal = this.#signalOf(call);
    const pool = this.#opened();
    const { client, giveBack } = await pool.borrow(signal);
    let whole = false;
    try {
      for await (const batch of new PostgresConnection({ pool, client, forms: this, signal }, "leave").copyBatches<Row>(source)) {
        signal?.throwIfAborted();
        yield batch;
      }
      whole = true;
    } finally {
      giveBack(!whole);
    }
  }

  async #with<T>(call: PostgresCall, work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    const signal = this.#signalOf(call);
    const pool = this.#opened();
    return pool.lend(signal, (client) => work(new PostgresConnection({ pool, client, forms: this, signal })));
  }

  #opened(): PostgresPool {
    return (this.#pool ??= new PostgresPool({ ...this, applicationName: "millrace" }));
  }

  #signalOf({ signal }: PostgresCall): AbortSignal | undefined {
    const signals = [this.#runSignal, signal].filter((one) => one !== undefined);
    return signals.length < 2 ? signals[0] : AbortSignal.any(signals);
  }
}
