import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResult } from "@duckdb/node-api";
import { IOError, isMillraceError, messageOf } from "../base/errors.js";
import { connect, loadDuckDB } from "./process-database.js";
import type { Relation, RelationPart } from "./relation.js";
import type { ColumnReading, OpenSource, RelationSource } from "./relation-source.js";
import { sqlName } from "./sql-text.js";

/** A relation while it is read: its sources are open, each once. */
export class Query {
  readonly #open = new Map<RelationSource, OpenSource>();
  readonly #disconnect: () => void;

  private constructor(
    private readonly relation: Relation<unknown>,
    private readonly signal: AbortSignal | undefined,
    { connection, close }: { connection: DuckDBConnection; close: () => void },
  ) {
    this.connection = connection;
    this.#disconnect = close;
  }

  readonly connection: DuckDBConnection;

  /** Opens what the relation reads. @throws IOError where it is not there */
  static async open(relation: Relation<unknown>): Promise<Query> {
    const sources = new Set(sourcesOf(relation));
    const signals = [...sources].flatMap(({ signal }) => (signal ? [signal] : []));
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    const query = new Query(relation, signal, await connect(signal));
    try {
      for (const source of sources) query.#open.set(source, await source.open(query.connection));
    } catch (error) {
      await query.close();
      throw error;
    }
    return query;
  }

  /** The query as one SELECT. */
  get sql(): string {
    const compile = (part: RelationPart): string => {
      if (typeof part === "string") return part;
      return "parts" in part ? `(\n${part.parts.map(compile).join("")}\n)` : `(${String(this.#open.get(part)?.sql)})`;
    };
    const [only, ...others] = this.relation.parts;
    if (others.length === 0 && only !== undefined && typeof only !== "string") return compile(only).slice(1, -1);
    return this.relation.parts.map(compile).join("");
  }

  /** How columns of these names, in lower case, are read: those of every source, and what the relations within ask for. */
  get readings(): ReadonlyMap<string, ColumnReading> {
    const readings = new Map([...this.#open.values()].flatMap((source) => [...(source.readings ?? [])]));
    for (const name of bigintsOf(this.relation)) readings.set(name.toLowerCase(), { bigint: true });
    return readings;
  }

  /**
   * Runs it. What a source may not be held for while the result is taken is put aside first.
   * @param narrowed - HUGEINT, the type of sums, as BIGINT
   */
  async stream({ narrowed = false } = {}): Promise<DuckDBResult> {
    const statement = await this.prepared();
    const sql = narrowed ? narrowedSql(this.sql, statement) : this.sql;
    if (sql === this.sql && !this.#isBrief()) return statement.stream();
    statement.destroySync();
    if (!this.#isBrief()) return this.connection.stream(sql);
    await this.connection.run(`CREATE TEMP TABLE millrace_result AS SELECT * FROM (\n${sql}\n)`);
    await this.#release();
    return this.connection.stream("FROM temp.millrace_result");
  }

  /** The query, which is one. @throws IOError for another statement */
  async prepared(): Promise<DuckDBPreparedStatement> {
    const statement = await this.connection.prepare(this.sql);
    if (statement.statementType !== loadDuckDB().StatementType.SELECT) throw noQuery(this.relation);
    return statement;
  }

  #isBrief(): boolean {
    return [...this.#open.values()].some(({ brief }) => brief);
  }

  /** The error as the author of the SQL can use it. */
  explained(error: unknown): unknown {
    if (this.signal?.aborted) return this.signal.reason;
    if (isMillraceError(error)) return error;
    const [message = ""] = messageOf(error).split(/\n\s*\n?LINE \d+:/);
    const told = [...this.#open.values()].reduce((text, { inWords }) => inWords?.(text) ?? text, message);
    return new IOError("RELATION.FAILED", `DuckDB refuses the query: ${told.trim()}\n${indented(String(this.relation))}`, {
      fix: fixOf(message),
      cause: error,
    });
  }

  async close(): Promise<void> {
    try {
      await this.#release();
    } finally {
      this.#disconnect();
    }
  }

  async #release(): Promise<void> {
    for (const [source, open] of [...this.#open].reverse()) {
      this.#open.delete(source);
      await open.close();
    }
  }
}

function noQuery(relation: Relation<unknown>): IOError {
  return new IOError("RELATION.NO_QUERY", `The SQL of a relation is no query:\n${indented(String(relation))}`, {
    fix: "Give one SELECT. To change a table, use DuckDBResource.",
  });
}

/** The query with 128-bit whole numbers, which neither Parquet nor Arrow has, in 64; one that does not fit is an error of DuckDB. */
function narrowedSql(sql: string, statement: DuckDBPreparedStatement): string {
  const { HUGEINT } = loadDuckDB().DuckDBTypeId;
  const wide = Array.from({ length: statement.columnCount }, (_, index) => index).filter(
    (index) => statement.columnTypeId(index) === HUGEINT,
  );
  if (wide.length === 0) return sql;
  const replaced = wide.map((index) => sqlName(statement.columnName(index))).map((name) => `${name}::BIGINT AS ${name}`);
  return `SELECT * REPLACE (${replaced.join(", ")}) FROM (\n${sql}\n)`;
}

function fixOf(message: string): string {
  if (/^(Parser|Binder|Catalog) Error/.test(message)) return "Mend the SQL; relation.columns() tells which columns there are.";
  if (/^Conversion Error/.test(message)) return "Use TRY_CAST where a value may not fit, or cast to a wider type.";
  if (message.startsWith("Out of Memory")) return "Take fewer columns or rows at a time, or group by fewer values.";
  return "Mend the SQL, or materialize again what it reads.";
}

function* sourcesOf(relation: Relation<unknown>): Generator<RelationSource> {
  for (const part of relation.parts) {
    if (typeof part === "string") continue;
    if ("parts" in part) yield* sourcesOf(part);
    else yield part;
  }
}

function* bigintsOf(relation: Relation<unknown>): Generator<string> {
  for (const part of relation.parts) if (typeof part !== "string" && "parts" in part) yield* bigintsOf(part);
  yield* relation.bigintColumns;
}

function indented(sql: string): string {
  return sql
    .trim()
    .split("\n")
    .map((line) => `    ${line.trimEnd()}`)
    .join("\n");
}
