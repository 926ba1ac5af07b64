import type { ColumnReading } from "../../duckdb/relation-source.js";
import type { StoredColumn } from "./stored-columns.js";
import { decodeTagged } from "../tagged-json.js";

/** How a query reads columns as their rows had them, by their names in lower case. */
export function readingsOf(columns: readonly StoredColumn[]): ReadonlyMap<string, ColumnReading> {
  return new Map(columns.flatMap(({ name, shape: { kind } }) => (READINGS[kind] ? [[name.toLowerCase(), READINGS[kind]] as const] : [])));
}

const READINGS: Readonly<Record<string, ColumnReading>> = {
  bigint: { bigint: true },
  json: { fromText: decodeTagged },
};
