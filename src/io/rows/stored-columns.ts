import { columnTypeText, parseColumnType, type ColumnShape } from "../../model/column-type.js";
import { MalformedBytes } from "../parquet/thrift-compact.js";
import { shapeOf, type RowColumn } from "./row-columns.js";

/** The key under which a file says what its columns were, among its own key-value metadata. */
export const STORED_KEY = "millrace";

/** A column as its rows had it, which the types of a file alone do not tell. */
export interface StoredColumn {
  readonly name: string;
  readonly shape: ColumnShape;
}

/** The text that a file keeps of its columns. */
export function storedText(columns: readonly RowColumn[]): string {
  return JSON.stringify({ columns: columns.map((column) => ({ name: column.name, type: columnTypeText(shapeOf(column)) })) });
}

/** The columns that a file tells of. @throws {@link MalformedBytes} for a text that {@link storedText} did not make */
export function storedColumns(text: string): StoredColumn[] {
  try {
    const { columns } = JSON.parse(text) as { columns: { name: string; type?: string; kind?: string }[] };
    return columns.map(({ name, type, kind = "" }) => ({
      name,
      shape: type === undefined ? { kind: KINDS[kind] ?? "string" } : parseColumnType(type),
    }));
  } catch {
    throw new MalformedBytes("what it tells of its columns cannot be read");
  }
}

/** What files of version 0.1 call their columns. */
const KINDS: Readonly<Record<string, "float64" | "timestamptz" | "bigint" | "boolean" | "bytes" | "json">> = {
  number: "float64",
  date: "timestamptz",
  bigint: "bigint",
  boolean: "boolean",
  bytes: "bytes",
  json: "json",
};
