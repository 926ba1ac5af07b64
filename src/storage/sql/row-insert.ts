import type { Bound, Connection, Prepared } from "./dialect.js";

/** So many rows go into one statement: above that a longer one saves nothing. */
const MOST_ROWS = 64;

const ONE_ROW = /values (\([?, ]+\))/;

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

  /** The id of each row, where the table gives ids. The caller's transaction is the only one that writes, so those of one statement follow each other. */
  run(rows: readonly (readonly Bound[])[]): number[] {
    const ids: number[] = [];
    for (let from = 0; from < rows.length; from += MOST_ROWS) {
      const some = rows.slice(from, from + MOST_ROWS);
      const values: Bound[] = [];
      for (const row of some) values.push(...row); // `flat` takes many times as long
      const { lastInsertRowid } = this.#of(some.length).run(values);
      for (let before = some.length - 1; before >= 0; before--) ids.push(lastInsertRowid - before);
    }
    return ids;
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
