import type { DuckDBConnection, DuckDBTableFunction, DuckDBType } from "@duckdb/node-api";
import type { DuckDB } from "../duckdb/process-database.js";
import { newId } from "../base/ids.js";
import { IllFormedText, VectorWriter, type ColumnCells, type VectorShape } from "./duckdb-write-vector.js";
import type { Bindings } from "./duckdb-read-vector.js";
import { shapeOf, type Cell, type RowColumn } from "./row-columns.js";

interface Batch {
  readonly cells: readonly ColumnCells[];
  readonly rowCount: number;
}

/** Rows of columns whose types stay as they are, as DuckDB takes them: it asks for them batch by batch when it reads the table function. */
export class PartRows {
  readonly id = newId();
  rowCount = 0;
  /** Why DuckDB could not be given a batch. */
  error: unknown;
  private sizeBytes = 0;
  private taken = 0;
  private takenRows = 0;
  private readonly batches: (Batch | undefined)[] = [];
  private readonly shapes: readonly VectorShape[];

  /** @param firstRow - number of its first row among all */
  constructor(
    readonly columns: readonly RowColumn[],
    private readonly firstRow: number,
  ) {
    this.shapes = columns.map(stagedShape);
  }

  /** Whether more rows, of these columns, belong to the same part. */
  takes(columns: readonly RowColumn[], maxRows: number, maxBytes: number): boolean {
    if (this.rowCount >= maxRows || this.sizeBytes >= maxBytes) return false;
    return columns.length === this.shapes.length && columns.every((column, index) => stagedShape(column).kind === this.shapes[index]?.kind);
  }

  append(cells: readonly (readonly Cell[])[], rowCount: number): void {
    this.batches.push({ cells: this.shapes.map(({ kind }, index) => compact(kind, cells[index] ?? [])), rowCount });
    this.rowCount += rowCount;
    for (const [index, { kind }] of this.shapes.entries()) if (SIZED.has(kind)) this.sizeBytes += sizeOf(cells[index] ?? []);
  }

  /** The columns of the table function. The last one is always null: a row may have no other. */
  types(duckdb: DuckDB): DuckDBType[] {
    return [...this.shapes.map((shape) => typeOf(duckdb, shape)), duckdb.BOOLEAN];
  }

  /** Writes the next batch into the chunk; none: the rows are at their end. */
  next(chunk: Parameters<Bindings["data_chunk_get_vector"]>[0], writer: VectorWriter): void {
    const batch = this.batches[this.taken];
    this.batches[this.taken++] = undefined; // its text is in DuckDB now
    bindings().data_chunk_set_size(chunk, batch?.rowCount ?? 0);
    if (batch === undefined) return;
    for (const [index, shape] of this.shapes.entries()) {
      try {
        writer.write(bindings().data_chunk_get_vector(chunk, index), shape, batch.cells[index] ?? []);
      } catch (error) {
        throw error instanceof IllFormedText ? new IllFormedText(this.firstRow + this.takenRows + error.index, index) : error;
      }
    }
    const marker = bindings().data_chunk_get_vector(chunk, this.shapes.length);
    writer.write(marker, { kind: "boolean" }, new Array<null>(batch.rowCount).fill(null));
    this.takenRows += batch.rowCount;
  }
}

const NUMBERS = new Set<string>(["float64", "timestamp", "timestamptz"]);

/** Numbers without null in memory of their own: a part waits long enough for the garbage collector to copy each of them twice. */
function compact(kind: string, cells: readonly Cell[]): ColumnCells {
  return NUMBERS.has(kind) && !cells.includes(null) ? Float64Array.from(cells as readonly number[]) : cells;
}

const SIZED = new Set<string>(["string", "json", "bytes", "list", "struct"]);

function sizeOf(cells: readonly Cell[]): number {
  let size = 0;
  for (const cell of cells) {
    if (typeof cell === "string") size += cell.length;
    else if (cell instanceof Uint8Array) size += cell.byteLength;
    else if (Array.isArray(cell)) size += sizeOf(cell as readonly Cell[]);
  }
  return size;
}

/** Numbers are kept as DOUBLE until the last of them has told whether all are whole. */
function stagedShape(column: RowColumn): VectorShape {
  const shape = shapeOf(column);
  if (column.declared) return shape;
  if (column.kind === "number") return { kind: "float64" };
  return column.kind === "bigint" && !column.fits64 ? { kind: "bigtext" } : shape;
}

/** Rows that a statement reads at the moment. */
const reading = new Map<string, PartRows>();
const FUNCTION = "millrace_rows";
let registered: DuckDBTableFunction | undefined;

/** Runs a statement about the rows, which it calls by the SQL that it is given. */
export async function withPartRows(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  { rows, statement }: { readonly rows: PartRows; readonly statement: (sql: string) => string },
): Promise<void> {
  register(duckdb, connection);
  reading.set(rows.id, rows);
  try {
    await connection.run(statement(`${FUNCTION}('${rows.id}')`));
  } catch (error) {
    throw rows.error ?? error;
  } finally {
    reading.delete(rows.id);
  }
}

/** Once for the database of the process; DuckDB's threads wait while the function runs on the main thread. */
function register(duckdb: DuckDB, connection: DuckDBConnection): void {
  if (registered !== undefined) return;
  const writer = new VectorWriter(bindings());
  registered = duckdb.DuckDBTableFunction.create({
    name: FUNCTION,
    parameterTypes: [duckdb.VARCHAR],
    bindFunction(info) {
      const rows = reading.get(String(info.getParameter(0)));
      if (rows === undefined) return info.setError("these rows were read before");
      for (const [index, type] of rows.types(duckdb).entries()) info.addResultColumn(index < rows.columns.length ? `c${index}` : "_", type);
      info.setBindData(rows);
      info.setCardinality(rows.rowCount, true);
    },
    initFunction() {},
    mainFunction(info, output) {
      const rows = info.bindData as PartRows;
      try {
        rows.next(output.chunk, writer);
      } catch (error) {
        rows.error = error;
        info.setError("the rows cannot be given");
      }
    },
  });
  connection.registerTableFunction(registered);
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
