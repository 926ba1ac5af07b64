import type { Table } from "apache-arrow";
import { type ColumnBatch } from "../model/column-batch.js";
import type { TableColumn } from "../model/metadata-value.js";
import type { RowFilter } from "../model/row-filter.js";
import { RowStream } from "../model/row-stream.js";
import { arrowTableOf } from "./arrow-table.js";
import { keptInMemory } from "./kept-relation.js";
import { columnBatches, columnsOf } from "./query-result.js";
import type { RelationSource } from "./relation-source.js";
import { filterSql, sqlLiteral, sqlName } from "./sql-text.js";

const RELATION = Symbol.for("millrace/relation");
const NAME = Symbol.for("millrace/sql-name");

/** A name of a column or table within the SQL of a relation, from {@link Relation.name}. */
export interface SqlIdentifier {
  readonly [NAME]: string;
}

/** A part of a relation's query: SQL as it stands, what is stored, or another relation as a sub-query. */
export type RelationPart = string | RelationSource | Relation<unknown>;

/**
 * A lazy query of DuckDB over stored rows and other relations: nothing is read before it is asked for, and each ask reads anew.
 * Whole numbers come as numbers, as bigints where the column has the name of one that was stored as bigint; DECIMAL, DATE and TIME come as text,
 * TIMESTAMP as a `Date` (to the millisecond), BLOB as bytes, LIST as an array, STRUCT as an object.
 */
export class Relation<Row = Record<string, unknown>> {
  /** @internal */
  readonly parts: readonly RelationPart[];
  /** @internal The columns whose whole numbers are taken as bigints. */
  readonly bigintColumns: readonly string[];

  /** @internal Use {@link Relation.sql}. */
  constructor(parts: readonly RelationPart[], bigintColumns: readonly string[] = []) {
    this.parts = parts;
    this.bigintColumns = bigintColumns;
  }

  /** Recognised across copies of the package. */
  get [RELATION](): true {
    return true;
  }

  /**
   * A query of DuckDB's SQL. A relation within it is a sub-query, every other value a literal:
   * ``Relation.sql`select currency, sum(amount) as total from ${orders} where day >= ${day} group by currency` ``.
   * @throws IOError for a value that has no literal, e.g. an object
   */
  static sql<Row = Record<string, unknown>>(strings: TemplateStringsArray, ...values: readonly unknown[]): Relation<Row> {
    const parts: RelationPart[] = [];
    strings.forEach((text, index) => {
      parts.push(text);
      if (index < values.length) parts.push(partOf(values[index]));
    });
    return new Relation<Row>(parts);
  }

  /** A name that the SQL is to hold as a name: ``Relation.sql`select ${Relation.name(column)} from ${orders}` ``. */
  static name(identifier: string): SqlIdentifier {
    return { [NAME]: identifier };
  }

  /** All rows. */
  async rows(): Promise<Row[]> {
    const all: Row[] = [];
    for await (const batch of this.batches()) for (const row of batch.toRows()) all.push(row);
    return all;
  }

  /** The rows one at a time, in bounded memory; each iteration runs the query. */
  stream(): RowStream<Row> {
    return new RowStream(() => rowBatches(this.batches()));
  }

  /** The rows column by column, 2,048 at most at a time; each iteration runs the query. */
  batches(): AsyncIterable<ColumnBatch<Row>> {
    return { [Symbol.asyncIterator]: () => columnBatches(this) as AsyncGenerator<ColumnBatch<Row>> };
  }

  /** All rows as a table of apache-arrow, with the types of the query. */
  toArrow(): Promise<Table> {
    return arrowTableOf(this);
  }

  /** The same rows, read once into DuckDB's memory: a data frame, for several queries over it. It goes when nobody has it any more. */
  async inMemory(): Promise<Relation<Row>> {
    return new Relation<Row>([await keptInMemory(this)]);
  }

  /** The columns that the query gives, with DuckDB's types; no row is read. */
  columns(): Promise<TableColumn[]> {
    return columnsOf(this);
  }

  /** The same query, with the whole numbers of these columns as bigints. */
  bigints(...columns: readonly string[]): Relation<Row> {
    return new Relation<Row>(this.parts, [...this.bigintColumns, ...columns]);
  }

  /** These columns of the rows that the filter takes. */
  take({ columns, where }: { readonly columns?: readonly string[] | undefined; readonly where?: RowFilter | undefined }): Relation<Row> {
    if (columns === undefined && where === undefined) return this;
    const selected = columns === undefined ? "*" : columns.map(sqlName).join(", ");
    return new Relation<Row>([`SELECT ${selected} FROM `, this, where === undefined ? "" : ` WHERE ${filterSql(where)}`]);
  }

  /** The SQL as it was written, with what it reads by name. */
  toString(): string {
    return this.parts.map((part) => (typeof part === "string" ? part : isRelation(part) ? `(${String(part)})` : part.label)).join("");
  }
}

/** Whether the value is a relation, of this copy of the package or of another. */
export function isRelation(value: unknown): value is Relation<unknown> {
  return typeof value === "object" && value !== null && (value as { [RELATION]?: unknown })[RELATION] === true;
}

function partOf(value: unknown): RelationPart {
  if (isRelation(value)) return value;
  const identifier = typeof value === "object" && value !== null ? (value as Partial<SqlIdentifier>)[NAME] : undefined;
  return identifier === undefined ? sqlLiteral(value) : sqlName(identifier);
}

async function* rowBatches<Row>(batches: AsyncIterable<ColumnBatch<Row>>): AsyncGenerator<Row[]> {
  for await (const batch of batches) yield batch.toRows();
}
