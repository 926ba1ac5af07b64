import { PostgresResource, type RowSchema } from "millrace";

/** What a table is to hold. */
export interface TableRows {
  readonly columns: RowSchema;
  readonly rows: Iterable<object> | AsyncIterable<object>;
}

const SQL_TYPES: Readonly<Record<string, string>> = { string: "text", int64: "bigint", float64: "double precision", boolean: "boolean" };

/** Whoever replaces these tables waits for whoever is at it: two at once would both empty them first, and both fill them. */
const ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtext('app-events'))";

/** The warehouse: tables named as the assets, in the schema that the connection looks into first. */
export class Warehouse extends PostgresResource {
  /** Gives all the tables new rows in one transaction; readers see the old ones of all of them, then the new. */
  async replace(tables: Readonly<Record<string, TableRows>>, signal: AbortSignal): Promise<void> {
    await this.connection(
      async (transaction) => {
        await transaction.execute(ONE_AT_A_TIME);
        for (const [table, { columns: schema, rows }] of Object.entries(tables)) {
          const columns = schema.columns.map(({ name, type }) => `${quoted(name)} ${SQL_TYPES[type] ?? type}`);
          await transaction.execute(`create table if not exists ${quoted(table)} (${columns.join(", ")})`);
          await transaction.execute(`delete from ${quoted(table)}`); // not truncate: that empties the table for readers who began before
          await transaction.copyFrom(rows, table, { columns: schema.columns.map(({ name }) => name) });
        }
      },
      { signal },
    );
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
