import type { PoolClient } from "pg";
import { nearest } from "../base/did-you-mean.js";
import { columnsOfTable, type TableColumnInfo } from "./catalog-table.js";
import type { WrittenColumn } from "./copy-rows.js";
import { encoderOf } from "./encode-value.js";
import { shownTable, type TableName } from "./identifier.js";
import { PostgresError } from "./postgres-error.js";

/** The table's columns of these names, as rows are written to them. @throws {@link PostgresError} for one that the table has not, or that COPY cannot write */
export async function writtenColumns(client: PoolClient, table: TableName, names: readonly string[]): Promise<WrittenColumn[]> {
  const shown = shownTable(table);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new PostgresError("POSTGRES.COLUMN_TWICE", `Column "${twice}" of ${shown} is named twice.`, {
      fix: "Name each column once.",
      fault: { table: shown, column: twice },
    });
  const columns = await columnsOfTable(client, table);
  if (columns === undefined)
    throw new PostgresError("POSTGRES.NO_TABLE", `There is no table ${shown} that rows could be copied into.`, {
      fix: "Create the table, correct its name, or name its schema.",
      fault: { table: shown },
    });
  return names.map((name) => written(name, columns, shown));
}

function written(name: string, columns: readonly TableColumnInfo[], table: string): WrittenColumn {
  const column = columns.find((one) => one.name === name);
  const fault = { table, column: name };
  if (column === undefined) {
    const names = columns.map((one) => one.name);
    const near = nearest(name, names);
    throw new PostgresError("POSTGRES.NO_COLUMN", `Table ${table} has no column "${name}"; it has ${names.map((one) => `"${one}"`).join(", ") || "none"}.`, {
      fix: near === undefined ? "Leave the field out of the rows, name `columns`, or add the column to the table." : `Did you mean "${near}"?`,
      fault,
    }); // prettier-ignore
  }
  if (column.generated)
    throw new PostgresError("POSTGRES.GENERATED", `Column "${name}" of ${table} is computed by Postgres.`, { fix: "Leave it out.", fault });
  const encode = encoderOf(column.type);
  if (encode === undefined)
    throw new PostgresError("POSTGRES.TYPE", `Column "${name}" of ${table} is of type ${column.type.name}, which COPY cannot be given.`, {
      fix: "Load the values into a column of text, and cast them with SQL.",
      fault,
    });
  return { name, type: column.type.name, encode, inherited: name in Object.prototype };
}
