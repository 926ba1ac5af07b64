import { IOError } from "../base/errors.js";

const BATCH = Symbol.for("millrace/column-batch");

/** The columns of rows: of each field an array as long as the others. */
export type ColumnsOf<Row> = { readonly [K in keyof Row]: ArrayLike<Row[K]> };

/**
 * Rows column by column: what `@Input(ref, { as: batches })` gives, and what a step may yield instead of rows. A column is an array or a typed array;
 * null stands for a value that is not there.
 */
export class ColumnBatch<Row = Record<string, unknown>> {
  /** How many rows it has. */
  readonly length: number;
  readonly columns: ColumnsOf<Row>;

  /** @param columns - columns of one length each, which are not copied @throws IOError when their lengths differ */
  constructor(columns: ColumnsOf<Row>, length: number = lengthOf(columns)) {
    for (const [name, column] of entriesOf(columns)) {
      if (column.length === length) continue;
      throw new IOError("IO.COLUMN_LENGTH", `Column "${name}" has ${column.length} values, where its batch has ${length} rows.`, {
        fix: "Give columns of one length, with null where a value is missing.",
      });
    }
    this.length = length;
    this.columns = columns;
  }

  /** Recognised across copies of the package. */
  get [BATCH](): true {
    return true;
  }

  /** The rows as columns, in the order in which fields first appear; a field that a row lacks is null. */
  static fromRows<Row extends object>(rows: readonly Row[]): ColumnBatch<Row> {
    const columns = new Map<string, unknown[]>();
    for (const row of rows)
      for (const name of Object.keys(row as object)) if (!columns.has(name)) columns.set(name, new Array<unknown>(rows.length));
    for (const [name, column] of columns) {
      const inherited = name in Object.prototype;
      for (const [index, row] of rows.entries()) {
        column[index] = (inherited && !Object.hasOwn(row as object, name) ? undefined : (row as Record<string, unknown>)[name]) ?? null;
      }
    }
    return new ColumnBatch(Object.fromEntries(columns) as unknown as ColumnsOf<Row>, rows.length);
  }

  /** The same rows as objects. */
  toRows(): Row[] {
    const rows: Record<string, unknown>[] = Array.from({ length: this.length }, () => ({}));
    for (const [name, column] of entriesOf(this.columns)) {
      if (name === "__proto__") {
        for (const [index, row] of rows.entries())
          Object.defineProperty(row, name, { value: column[index], enumerable: true, writable: true, configurable: true });
      } else {
        for (let index = 0; index < rows.length; index++) (rows[index] as Record<string, unknown>)[name] = column[index];
      }
    }
    return rows as Row[];
  }
}

/** Whether the value is a batch of columns, of this copy of the package or of another. */
export function isColumnBatch(value: unknown): value is ColumnBatch {
  return typeof value === "object" && value !== null && (value as { [BATCH]?: unknown })[BATCH] === true;
}

function entriesOf(columns: unknown): [string, ArrayLike<unknown>][] {
  return Object.entries(columns as object) as [string, ArrayLike<unknown>][];
}

function lengthOf(columns: unknown): number {
  return entriesOf(columns)[0]?.[1].length ?? 0;
}
