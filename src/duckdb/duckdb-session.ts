import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api";
import { ConfigError, IOError, isMillraceError, messageOf } from "../base/errors.js";
import { newId } from "../base/ids.js";
import type { ColumnBatch } from "../model/column-batch.js";
import { DuckDBFile } from "./duckdb-file.js";
import { connect, loadDuckDB } from "./process-database.js";
import { batchesOf } from "./query-result.js";
import type { HoldMode } from "./read-write-queue.js";
import type { OpenSource, RelationSource } from "./relation-source.js";
import { sqlLiteral, sqlName } from "./sql-text.js";
import { bindValues } from "./sql-values.js";

/** What a session works on. */
export interface SessionOptions {
  /** The database file; absent: a database in memory, which lasts until the session is closed. */
  readonly path: string | undefined;
  readonly readOnly: boolean;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** How long to wait for other processes, in milliseconds. */
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
}

interface OpenDatabase {
  readonly connection: DuckDBConnection;
  /** Lets the database go; the connection stays. */
  letGo(): Promise<void>;
  close(): Promise<void>;
}

/** A statement and its values. */
interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** The statements of one user of a database, each on a connection of its own whose default is that database. */
export class DuckDBSession {
  #memory: Promise<string> | undefined;

  constructor(private readonly options: SessionOptions) {}

  /** The rows of a query column by column. A file is let go before the first are given. */
  async *batches(statement: Statement): AsyncGenerator<ColumnBatch> {
    const database = await this.#open("read");
    try {
      yield* batchesOf(await this.#result(database, statement));
    } catch (error) {
      throw this.#explained(error, statement.sql);
    } finally {
      await database.close();
    }
  }

  /** Runs one statement. @returns how many rows it changed */
  async run({ sql, values }: Statement): Promise<number> {
    return this.#within(this.options.readOnly ? "read" : "write", sql, async ({ connection }) => {
      const statement = await connection.prepare(sql);
      bindValues(statement, values);
      return (await statement.run()).rowsChanged;
    });
  }

  /** Runs the work in a transaction, which ends as the work does. */
  transaction<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#within(this.options.readOnly ? "read" : "write", undefined, async ({ connection }) => {
      await connection.run("BEGIN");
      try {
        const result = await work(connection);
        await connection.run("COMMIT");
        return result;
      } catch (error) {
        await connection.run("ROLLBACK").catch(() => undefined); // what made the work fail counts
        throw error;
      }
    });
  }

  /** A query of this database as something that relations read. */
  source(sql: string): RelationSource {
    const { path, signal } = this.options;
    return { label: path ?? "memory", ...(signal ? { signal } : {}), open: (connection) => this.#openSource(connection, sql) };
  }

  async close(): Promise<void> {
    if (this.#memory === undefined) return;
    const catalog = await this.#memory;
    this.#memory = undefined;
    const { connection, close } = await connect(undefined);
    await connection.run(`DETACH ${catalog}`).finally(close);
  }

  async #result({ connection, letGo }: OpenDatabase, { sql, values }: Statement): Promise<DuckDBResult> {
    const statement = await connection.prepare(sql);
    if (statement.statementType !== loadDuckDB().StatementType.SELECT) {
      bindValues(statement, values); // SHOW, DESCRIBE, PRAGMA: of few rows
      const few = await statement.run();
      await letGo();
      return few;
    }
    statement.destroySync();
    const aside = await connection.prepare(`CREATE TEMP TABLE millrace_result AS SELECT * FROM (\n${sql}\n)`);
    bindValues(aside, values);
    await aside.run();
    await letGo(); // before the stream: another statement would end it
    return connection.stream("FROM temp.millrace_result");
  }

  /** The first such query of a connection is read in its place; of another database, whose tables may have the same names, the result is put aside. */
  async #openSource(connection: DuckDBConnection, sql: string): Promise<OpenSource> {
    const { catalog, release } = await this.#hold("read");
    try {
      const first = defaults.get(connection);
      if (first === undefined || first === catalog) {
        defaults.set(connection, catalog);
        await connection.run(`USE ${catalog}`);
        return { sql, brief: this.options.path !== undefined, close: () => connection.run("USE memory").then(release) };
      }
      const aside = `temp.source_${newId().replaceAll("-", "")}`;
      await connection.run(`USE ${catalog}`);
      await connection
        .run(`CREATE TEMP TABLE ${aside.slice(5)} AS SELECT * FROM (\n${sql}\n)`)
        .finally(() => connection.run(`USE ${first}`));
      await release();
      return { sql: `FROM ${aside}`, close: () => undefined };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #within<T>(mode: HoldMode, sql: string | undefined, work: (database: OpenDatabase) => Promise<T>): Promise<T> {
    const database = await this.#open(mode);
    try {
      return await work(database);
    } catch (error) {
      throw sql === undefined ? error : this.#explained(error, sql);
    } finally {
      await database.close();
    }
  }

  async #open(mode: HoldMode): Promise<OpenDatabase> {
    const { connection, close } = await connect(this.options.signal);
    try {
      for (const [name, value] of Object.entries(this.options.settings)) await applySetting(connection, name, value);
      const { catalog, release } = await this.#hold(mode);
      await connection.run(`USE ${catalog}`);
      let held = true;
      const letGo = async () => {
        if (!held) return;
        held = false;
        await connection.run("USE memory").finally(release);
      };
      return { connection, letGo, close: () => letGo().finally(close) };
    } catch (error) {
      close();
      throw error;
    }
  }

  async #hold(mode: HoldMode): Promise<{ catalog: string; release: () => Promise<void> }> {
    const { path, waitMs, signal } = this.options;
    if (path !== undefined) return DuckDBFile.at(path).hold({ mode, waitMs, signal });
    return { catalog: await (this.#memory ??= attachMemory()), release: () => Promise.resolve() };
  }

  #explained(error: unknown, sql: string): unknown {
    const { signal, path, readOnly } = this.options;
    if (signal?.aborted) return signal.reason;
    if (isMillraceError(error)) return error;
    const [message = ""] = messageOf(error).split(/\n\s*\n?LINE \d+:/);
    const refusedWrite = message.includes("read-only mode");
    return new IOError("DUCKDB.STATEMENT", `${path ?? "DuckDB in memory"} refuses a statement: ${message.trim()}\n    ${sql.trim()}`, {
      fix: refusedWrite
        ? readOnly
          ? "Set readOnly: false on the DuckDBResource."
          : "Change tables by run(); query() and stream() only read."
        : "Mend the SQL or the values bound to it.",
      cause: error,
    });
  }
}

/** The database of a source that is the default of a connection. */
const defaults = new WeakMap<DuckDBConnection, string>();

async function attachMemory(): Promise<string> {
  const catalog = `memory_${newId().replaceAll("-", "")}`;
  const { connection, close } = await connect(undefined);
  await connection.run(`ATTACH ':memory:' AS ${catalog}`).finally(close);
  return catalog;
}

async function applySetting(connection: DuckDBConnection, name: string, value: string | number | boolean): Promise<void> {
  try {
    await connection.run(`SET ${sqlName(name)} = ${sqlLiteral(value)}`);
  } catch (error) {
    throw new ConfigError("DUCKDB.SETTING", `DuckDB does not take the setting ${JSON.stringify(name)}: ${messageOf(error)}`, {
      fix: "Mend `settings` of the DuckDBResource; SELECT name FROM duckdb_settings() lists them.",
      cause: error,
    });
  }
}
