import type { DuckDBConnection, DuckDBTableFunction, DuckDBType } from "@duckdb/node-api";
import type { DuckDB } from "../../duckdb/process-database.js";
import { newId } from "../../base/ids.js";
import type { Bindings } from "./duckdb-read-vector.js";
import { encodeVector, IllFormedText, type EncodedVector, type VectorShape } from "./encoded-vector.js";
import { shapeOf, type Cell, type RowColumn } from "../rows/row-columns.js";
import type { VectorMemory } from "./vector-memory.js";

interface Batch {
  readonly vectors: readonly EncodedVector[];
  readonly rowCount: number;
}

/** Rows of columns whose types stay as they are, as DuckDB takes them: it asks for them batch by batch when it reads the table function. */
export class PartRows {
  readonly id = newId();
  rowCount = 0;
  /** Why DuckDB could not be given a batch. */
  error: unknown;
  /** DuckDB has all of them, though it may not have done with them. */
  readonly taken: Promise<void>;
  /** They are all taken, or not wanted any more. */
  readonly end: () => void;
  private next = 0;
  private readonly batches: Batch[] = [];
  private readonly shapes: readonly VectorShape[];

  constructor(
    readonly columns: readonly RowColumn[],
    private readonly memory: VectorMemory,
  ) {
    this.shapes = columns.map(stagedShape);
    let end: () => void = () => undefined;
    this.taken = new Promise((resolve) => (end = resolve));
    this.end = end;
  }

  /** Whether more rows, of these columns, belong to the same part. */
  takes(columns: readonly RowColumn[], maxRows: number, maxBytes: number): boolean {
    if (this.rowCount >= maxRows || this.memory.takenBytes >= maxBytes) return false;
    return columns.length === this.shapes.length && columns.every((column, index) => stagedShape(column).kind === this.shapes[index]?.kind);
  }

  /** @throws {@link IllFormedColumn} */
  append(cells: readonly (readonly Cell[])[], rowCount: number): void {
    const vectors = this.shapes.map((shape, index) => {
      try {
        return encodeVector(shape, cells[index] ?? [], this.memory);
      } catch (error) {
        throw error instanceof IllFormedText ? new IllFormedColumn(this.columns[index]?.name ?? "", error.index) : error;
      }
    });
    if (vectors.length === 0) vectors.push(encodeVector({ kind: "boolean" }, new Array<null>(rowCount).fill(null), this.memory));
    this.batches.push({ vectors, rowCount });
    this.rowCount += rowCount;
  }

  /** The columns of the table function. The one of rows without columns is always null. */
  types(duckdb: DuckDB): readonly { readonly name: string; readonly type: DuckDBType }[] {
    if (this.shapes.length === 0) return [{ name: "_", type: duckdb.BOOLEAN }];
    return this.shapes.map((shape, index) => ({ name: `c${index}`, type: typeOf(duckdb, shape) }));
  }

  /** Writes the next batch into the chunk; none: the rows are at their end. */
  give(chunk: Parameters<Bindings["data_chunk_get_vector"]>[0]): void {
    const batch = this.batches[this.next++];
    bindings().data_chunk_set_size(chunk, batch?.rowCount ?? 0);
    if (batch === undefined) return this.end();
    for (const [index, encoded] of batch.vectors.entries()) encoded(bindings(), bindings().data_chunk_get_vector(chunk, index));
  }
}

/** A text of a column is no Unicode. */
export class IllFormedColumn extends RangeError {
  constructor(
    readonly column: string,
    /** Its row's place in the batch. */
    readonly index: number,
  ) {
    super("half a character");
  }
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
  registered = duckdb.DuckDBTableFunction.create({
    name: FUNCTION,
    parameterTypes: [duckdb.VARCHAR],
    bindFunction(info) {
      const rows = reading.get(String(info.getParameter(0)));
      if (rows === undefined) return info.setError("these rows were read before");
      for (const { name, type } of rows.types(duckdb)) info.addResultColumn(name, type);
      info.setBindData(rows);
      info.setCardinality(rows.rowCount, true);
    },
    initFunction() {},
    mainFunction(info, output) {
      const rows = info.bindData as PartRows;
      try {
        rows.give(output.chunk);
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

let loaded: Bindings | undefined;

/** DuckDB's C API, looked up once: it is asked for at each vector. */
export function bindings(): Bindings {
  return (loaded ??= require("@duckdb/node-bindings") as Bindings);
}
