import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk, DuckDBType } from "@duckdb/node-api";
import type { DuckDB } from "../duckdb/process-database.js";
import { newId } from "../base/ids.js";
import { IllFormedText, VectorWriter, type VectorShape } from "./duckdb-write-vector.js";
import { shapeOf, type Cell, type RowColumn } from "./row-columns.js";

type Bindings = typeof import("@duckdb/node-bindings");

/** Rows of columns whose types stay as they are, in a table of DuckDB on their way to a file. */
export class StagedRows {
  rowCount = 0;
  readonly table = `rows_${newId().replaceAll("-", "")}`;
  private readonly shapes: readonly VectorShape[];
  private readonly writer: VectorWriter;
  private appender: DuckDBAppender | undefined;
  private readonly chunk: DuckDBDataChunk;

  private constructor(
    private readonly duckdb: DuckDB,
    private readonly connection: DuckDBConnection,
    readonly columns: readonly RowColumn[],
  ) {
    this.shapes = columns.map(stagedShape);
    this.writer = new VectorWriter(bindings());
    this.chunk = duckdb.DuckDBDataChunk.create([...this.shapes.map((shape) => typeOf(duckdb, shape)), duckdb.BOOLEAN]);
  }

  static async create(duckdb: DuckDB, connection: DuckDBConnection, columns: readonly RowColumn[]): Promise<StagedRows> {
    const staged = new StagedRows(duckdb, connection, columns);
    const defined = staged.shapes.map((shape, index) => `c${index} ${typeOf(duckdb, shape).toString()}`);
    // The last column is always null: a row may have no other.
    await connection.run(`CREATE TABLE ${staged.table} (${[...defined, "_ BOOLEAN"].join(", ")})`);
    staged.appender = await connection.createAppender(staged.table);
    return staged;
  }

  /** Whether more rows, of these columns, belong to the same part. */
  takes(columns: readonly RowColumn[], maxRows: number, maxBytes: number): boolean {
    if (this.rowCount >= maxRows || this.writer.heapBytes >= maxBytes) return false;
    return columns.length === this.shapes.length && columns.every((column, index) => stagedShape(column).kind === this.shapes[index]?.kind);
  }

  append(cells: readonly (readonly Cell[])[], rowCount: number): void {
    const { chunk } = this;
    chunk.reset();
    chunk.rowCount = rowCount;
    for (const [index, shape] of this.shapes.entries()) {
      try {
        this.writer.write(bindings().data_chunk_get_vector(chunk.chunk, index), shape, cells[index] ?? []);
      } catch (error) {
        throw error instanceof IllFormedText ? new IllFormedText(error.index, index) : error;
      }
    }
    this.writer.write(
      bindings().data_chunk_get_vector(chunk.chunk, this.shapes.length),
      { kind: "boolean" },
      new Array<null>(rowCount).fill(null),
    );
    this.appender?.appendDataChunk(chunk);
    this.rowCount += rowCount;
  }

  /** The rows as a query, once the last was appended. */
  end(): void {
    this.appender?.closeSync();
    this.appender = undefined;
  }

  async drop(): Promise<void> {
    await this.connection.run(`DROP TABLE IF EXISTS ${this.table}`);
  }
}

/** Numbers are kept as DOUBLE until the last of them has told whether all are whole. */
function stagedShape(column: RowColumn): VectorShape {
  const shape = shapeOf(column);
  if (column.declared) return shape;
  if (column.kind === "number") return { kind: "float64" };
  return column.kind === "bigint" && !column.fits64 ? { kind: "bigtext" } : shape;
}

export function typeOf(duckdb: DuckDB, shape: VectorShape): DuckDBType {
  switch (shape.kind) {
    case "decimal":
      return duckdb.DECIMAL(shape.precision, shape.scale);
    case "list":
      return duckdb.LIST(typeOf(duckdb, shape.of));
    case "struct":
      return new duckdb.DuckDBStructType(
        shape.fields.map(({ name }) => name),
        shape.fields.map(({ of }) => typeOf(duckdb, of)),
      );
    default:
      return duckdb[TYPES[shape.kind]];
  }
}

const TYPES = {
  string: "VARCHAR",
  json: "VARCHAR",
  bigtext: "VARCHAR",
  boolean: "BOOLEAN",
  int32: "INTEGER",
  int64: "BIGINT",
  bigint: "BIGINT",
  float64: "DOUBLE",
  date: "DATE",
  time: "TIME",
  timestamp: "TIMESTAMP",
  timestamptz: "TIMESTAMPTZ",
  bytes: "BLOB",
} as const;

export function bindings(): Bindings {
  return require("@duckdb/node-bindings") as Bindings;
}
