import { open } from "node:fs/promises";
import { IOError } from "../../base/errors.js";
import { readDescription } from "./parquet-footer.js";
import { BATCH_ROWS, type Compression, type RowWriteContext, type WrittenRows } from "../rows/row-codec.js";
import { RowColumns, shapeOf, tableColumnOf, type Cell, type RowColumn } from "../rows/row-columns.js";
import { STORED_KEY, storedColumns, type StoredColumn } from "../rows/stored-columns.js";
import { decodeTagged } from "../tagged-json.js";

const FLAT = ["string", "boolean", "int32", "int64", "bigint", "float64", "date", "timestamp", "timestamptz", "bytes", "json"] as const;
/** The types that every writer of Parquet has; `bigtext`: bigints of more than 64 bits, as text. */
export type FlatKind = (typeof FLAT)[number] | "bigtext";

/** A column whose type is final. */
export interface FlatColumn {
  readonly name: string;
  readonly kind: FlatKind;
}

/** Some of the rows, column by column. */
export interface FlatGroup {
  readonly columns: readonly FlatColumn[];
  readonly values: readonly unknown[][];
  readonly rowCount: number;
}

const GROUP_ROWS = 30 * BATCH_ROWS;

/** Rows on their way into a file, for writers that must know every type before the first row. */
export class FlatRows {
  private readonly rows: RowColumns;
  private rowCount = 0;

  constructor(
    private readonly codec: string,
    private readonly context: RowWriteContext,
  ) {
    this.rows = new RowColumns(context.assetKey, context.schema);
  }

  /** All columns; where they are declared, at once. Valid when the last group, or the first of declared rows, was taken. */
  get columns(): readonly FlatColumn[] {
    return this.rows.columns.map((column) => this.flat(column));
  }

  get written(): WrittenRows {
    return { rowCount: this.rowCount, columns: this.rows.columns.map(tableColumnOf) };
  }

  get stored(): readonly RowColumn[] {
    return this.rows.columns;
  }

  /** The rows in groups of like columns. Rows whose columns are not declared are held until the last: only then are the types known. */
  async *groups(batches: AsyncIterable<readonly object[]> | Iterable<readonly object[]>): AsyncGenerator<FlatGroup> {
    const held: { cells: Cell[][]; rowCount: number }[] = [];
    let heldRows = 0;
    for await (const batch of batches) {
      this.context.signal?.throwIfAborted();
      held.push({ cells: this.rows.take(batch, this.rowCount), rowCount: batch.length });
      this.rowCount += batch.length;
      heldRows += batch.length;
      if (!this.context.schema || heldRows < GROUP_ROWS) continue;
      yield this.group(held.splice(0), heldRows);
      heldRows = 0;
    }
    while (held.length > 0) {
      let [taken, rows] = [0, 0];
      while (taken < held.length && rows < GROUP_ROWS) rows += held[taken++]?.rowCount ?? 0;
      yield this.group(held.splice(0, taken), rows);
    }
  }

  private group(held: readonly { cells: Cell[][]; rowCount: number }[], rowCount: number): FlatGroup {
    const { columns } = this;
    const values = columns.map(({ kind }, index) => {
      const column: unknown[] = [];
      for (const { cells, rowCount: count } of held)
        for (let row = 0; row < count; row++) column.push(givenAs(kind, cells[index]?.[row] ?? null));
      return column;
    });
    return { columns, values, rowCount };
  }

  private flat(column: RowColumn): FlatColumn {
    const { kind } = shapeOf(column);
    if (!column.declared && column.kind === "bigint" && !column.fits64) return { name: column.name, kind: "bigtext" };
    if (!FLAT.includes(kind as (typeof FLAT)[number])) throw unkept(column.name, kind, this.codec, this.context.assetKey);
    return { name: column.name, kind: kind as FlatKind };
  }
}

/** The columns as the file's writer knew them; `undefined`: it was none of ours. @throws IOError for types that other codecs keep */
export async function flatColumnsOf(path: string, codec: string, assetKey: string): Promise<readonly StoredColumn[] | undefined> {
  const file = await open(path, "r");
  try {
    const text = (await readDescription(file)).keyValues.get(STORED_KEY);
    const columns = text === undefined ? undefined : storedColumns(text);
    for (const { name, shape } of columns ?? [])
      if (!FLAT.includes(shape.kind as (typeof FLAT)[number])) throw unkept(name, shape.kind, codec, assetKey);
    return columns;
  } finally {
    await file.close();
  }
}

/** A row with the values that it had when it was written. */
export function restoredRow(row: Readonly<Record<string, unknown>>, columns: readonly StoredColumn[]): object {
  return Object.fromEntries(columns.map(({ name, shape }) => [name, restored(row[name], shape.kind)]));
}

function givenAs(kind: FlatKind, cell: Cell): unknown {
  if (cell === null) return null;
  switch (kind) {
    case "int64":
      return BigInt(cell as number);
    case "bigtext":
      return String(cell as bigint);
    case "date":
      return new Date(`${cell as string}T00:00:00Z`);
    case "timestamp":
    case "timestamptz":
      return new Date(cell as number);
    case "bytes":
      return Buffer.from(cell as Uint8Array);
    default:
      return cell;
  }
}

function restored(value: unknown, kind: string): unknown {
  if (value === null || value === undefined) return null;
  switch (kind) {
    case "int32":
    case "int64":
    case "float64":
      return Number(value);
    case "bigint":
      return BigInt(value as bigint | string);
    case "date":
      return (value as Date).toISOString().replace(/T.*/, "");
    case "timestamp":
    case "timestamptz":
      return typeof value === "bigint" ? new Date(Number(value / 1000n)) : value; // of no zone, parquetjs knows it as a number
    case "bytes":
      return new Uint8Array(value as Uint8Array);
    case "json":
      return decodeTagged(String(value));
    case "string":
      return String(value);
    default:
      return value;
  }
}

function unkept(name: string, kind: string, codec: string, assetKey: string): IOError {
  return new IOError("IO.TYPE_NOT_KEPT", `Column "${name}" of asset "${assetKey}" is a ${kind}, which ${codec} does not keep exactly.`, {
    fix: "Use DuckDBParquetCodec, which is the default.",
  });
}

/** The compression by the name that the format has for it. @throws IOError for zstd, which only DuckDB writes */
export function compressionName(compression: Compression, codec: string): "SNAPPY" | "GZIP" | "UNCOMPRESSED" {
  if (compression !== "zstd") return compression === "snappy" ? "SNAPPY" : compression === "gzip" ? "GZIP" : "UNCOMPRESSED";
  throw new IOError("IO.COMPRESSION", `${codec} does not compress with zstd.`, {
    fix: "Use DuckDBParquetCodec, which is the default, or another compression.",
  });
}
