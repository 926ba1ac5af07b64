import type { PoolClient } from "pg";
import { RowStream } from "../model/row-stream.js";
import { boundValue } from "./bound-value.js";
import type { ValueForms } from "./decode-value.js";
import { quotedTable, shownTable, tableNamed, type TableName } from "./identifier.js";
import { loadRows, RowsFault, type Rows } from "./load-rows.js";
import type { PostgresPool } from "./postgres-pool.js";
import { copyOutSql, describeQuery, readColumns, readRows, refuseDoubles } from "./read-rows.js";
import { textReaders } from "./text-value.js";

/** Where rows go: which columns, and the schema where the table's name has none. */
export interface CopyFromOptions {
  /** The columns that are written, each the field of its name. @defaultValue the fields of the first row; a row with another is refused */
  readonly columns?: readonly string[];
  /** @defaultValue that of the table's name, else the connection's own (`search_path`) */
  readonly schema?: string;
}

/** What is read: a table by its name, or what a query gives. */
export type CopySource = string | { readonly query: string } | { readonly table: string; readonly schema?: string };

/** What a connection is made of. @internal */
export interface BorrowedConnection {
  readonly pool: PostgresPool;
  readonly client: PoolClient;
  readonly forms: ValueForms;
  readonly signal: AbortSignal | undefined;
}

/** One connection, within a transaction. It is its user's until the block ends. */
export class PostgresConnection {
  readonly #pool: PostgresPool;
  readonly #client: PoolClient;
  readonly #forms: ValueForms;
  readonly #signal: AbortSignal | undefined;
  readonly #whenLeft: "drain" | "leave";

  /** @internal */
  constructor(borrowed: BorrowedConnection, whenLeft: "drain" | "leave" = "drain") {
    this.#pool = borrowed.pool;
    this.#client = borrowed.client;
    this.#forms = borrowed.forms;
    this.#signal = borrowed.signal;
    this.#whenLeft = whenLeft;
  }

  /** The rows of a statement with values bound to `$1`, `$2`, …; a list is an array of SQL, `JSON.stringify` it for a column of JSON. */
  async query<Row extends object = Record<string, unknown>>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const { rows, fields } = await this.#run(sql, values);
    refuseDoubles((fields ?? []).map(({ name }) => name));
    return rows as Row[];
  }

  /** How many rows a statement has changed or given. Several statements, parted by `;`, take no values: the last one counts. */
  async execute(sql: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.#run(sql, values)).rowCount ?? 0;
  }

  /** Loads rows into the table by COPY, all of them or none, in bounded memory. @returns how many */
  async copyFrom(rows: Rows, table: string, { columns, schema }: CopyFromOptions = {}): Promise<number> {
    const target = tableOf(table, schema);
    return this.#guard(`COPY into ${shownTable(target)}`, () => loadRows(this.#client, target, { rows, ...(columns ? { columns } : {}) }));
  }

  /** The rows of {@link copyTo}, batch after batch. @internal */
  async *copyBatches<Row extends object = Record<string, unknown>>(source: CopySource): AsyncGenerator<Row[]> {
    const { query, shown } = sourceOf(source);
    const doing = `COPY from ${shown}`;
    const columns = await this.#guard(doing, () => describeQuery(this.#client, query));
    const batches = readRows(
      this.#client,
      { sql: copyOutSql(query, columns), columns: readColumns(columns, this.#forms), shown },
      this.#whenLeft,
    );
    try {
      for (;;) {
        const { value, done } = await this.#guard(doing, () => batches.next());
        if (done) return;
        yield value as Row[];
      }
    } finally {
      await batches.return(undefined);
    }
  }

  /** The rows of a table or query by COPY, in bounded memory: one by one, or as `.batches()`. A query takes no values. */
  copyTo<Row extends object = Record<string, unknown>>(source: CopySource): RowStream<Row> {
    return new RowStream(() => this.copyBatches<Row>(source));
  }

  async #run(sql: string, values: readonly unknown[]) {
    const query = { text: sql, types: textReaders(this.#forms) };
    const result = await this.#guard(undefined, () =>
      this.#client.query(values.length === 0 ? query : { ...query, values: values.map(boundValue) }),
    );
    return Array.isArray(result) ? ((result as (typeof result)[]).at(-1) ?? result) : result;
  }

  async #guard<T>(doing: string | undefined, work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw error instanceof RowsFault ? error.cause : this.#pool.explained(error, doing);
    }
  }
}

/** The table of this name; a schema that is given apart leaves dots in the name alone. */
export function tableOf(table: string, schema: string | undefined): TableName {
  return schema === undefined ? tableNamed(table) : { schema, table };
}

function sourceOf(source: CopySource): { query: string; shown: string } {
  if (typeof source === "object" && "query" in source) return { query: source.query.replace(/[\s;]+$/, ""), shown: "the query" };
  const table = typeof source === "string" ? tableNamed(source) : tableOf(source.table, source.schema);
  return { query: `SELECT * FROM ${quotedTable(table)}`, shown: shownTable(table) };
}
