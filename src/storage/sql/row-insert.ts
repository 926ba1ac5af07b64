import type { Bound, Connection, Prepared, Written } from "./dialect.js";

/** So many rows go into one statement: above that a longer one saves nothing. */
const MOST_ROWS = 64;

const ONE_ROW = /values (\([?, ]+\))/;

/** Rows that were inserted. */
export interface Inserted {
  /** The id of each, where the table gives ids and the statement returns them. */
  ids(): number[];
}

/** Inserts rows with as few statements as it takes; each length is compiled once. */
export class RowInsert {
  readonly #connection: Connection;
  readonly #sql: string;
  readonly #byRows = new Map<number, Prepared>();

  /** @param sql - the insert of one row, its values all bound */
  constructor(connection: Connection, sql: string) {
    this.#connection = connection;
    this.#sql = sql;
  }

  run(rows: readonly (readonly Bound[])[]): Inserted {
    const written: Written[] = [];
    for (let from = 0; from < rows.length; from += MOST_ROWS) {
      const some = rows.slice(from, from + MOST_ROWS);
      const values: Bound[] = [];
      for (const row of some) values.push(...row); // `flat` takes many times as long
      written.push(this.#of(some.length).run(values));
    }
    return { ids: () => written.flatMap((of, index) => idsOf(of, Math.min(MOST_ROWS, rows.length - index * MOST_ROWS))) };
  }

  #of(rows: number): Prepared {
    let statement = this.#byRows.get(rows);
    if (!statement) {
      const sql = this.#sql.replace(ONE_ROW, (_, row: string) => `values ${Array.from({ length: rows }, () => row).join(", ")}`);
      this.#byRows.set(rows, (statement = this.#connection.prepare(sql)));
    }
    return statement;
  }
}

/** Where a connection tells only the last one, the transaction is the only one that writes, and those of one statement follow each other. */
function idsOf(written: Written, count: number): readonly number[] {
  return written.rowIds ?? Array.from({ length: count }, (_, index) => written.lastInsertRowid - count + 1 + index);
}
