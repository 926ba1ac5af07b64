import type { PoolClient } from "pg";
import { resolveTypes } from "./catalog-types.js";
import type { PostgresType } from "./column-kind.js";
import { CopyOut } from "./copy-out.js";
import { type ReadColumn, RowReader } from "./copy-rows.js";
import { decoderOf, type ValueForms } from "./decode-value.js";
import { quoted } from "./identifier.js";
import { PostgresError } from "./postgres-error.js";

/** How many rows may wait for who reads them. */
const WAITING_ROWS = 4096;

/** A column of a result, by its name and type. */
export interface ResultColumn {
  readonly name: string;
  readonly type: PostgresType;
}

/** The columns that a query would give. @throws {@link PostgresError} where two have one name */
export async function describeQuery(client: PoolClient, query: string): Promise<ResultColumn[]> {
  const { fields } = await client.query(`SELECT * FROM (${query}\n) AS described LIMIT 0`);
  refuseDoubles(fields.map(({ name }) => name));
  const types = await resolveTypes(client, fields.map(({ dataTypeID, dataTypeModifier }) => ({ oid: dataTypeID, modifier: dataTypeModifier }))); // prettier-ignore
  return fields.map(({ name }, index) => ({ name, type: types[index] as PostgresType }));
}

/** @throws {@link PostgresError} where two columns of a result have one name: an object could keep only one */
export function refuseDoubles(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new PostgresError("POSTGRES.COLUMN_TWICE", `The query gives two columns "${twice}".`, {
      fix: `Name them apart: SELECT … AS "${twice}_2".`,
      fault: { column: twice },
    });
}

/** The `COPY` that gives these columns of the query; what cannot be read in binary comes as text. */
export function copyOutSql(query: string, columns: readonly ResultColumn[]): string {
  const selected = columns.map(({ name, type }) => (type.kind === "other" ? `${quoted(name)}::text` : quoted(name)));
  return `COPY (SELECT ${selected.join(", ")} FROM (${query}\n) AS given) TO STDOUT (FORMAT binary)`;
}

/** What is read, and what errors call it. */
export interface ReadSource {
  readonly sql: string;
  readonly columns: readonly ReadColumn[];
  readonly shown: string;
}

/** How the columns of a result are read. */
export function readColumns(columns: readonly ResultColumn[], forms: ValueForms): ReadColumn[] {
  return columns.map(({ name, type }) => ({ name, decode: decoderOf(type, forms) }));
}

/**
 * The rows that a binary COPY gives, batch after batch, in bounded memory.
 * @param whenLeft - early, or by an error: `drain` reads past the rest, which the connection needs to go on; `leave` is for one that is closed
 */
export async function* readRows(
  client: PoolClient,
  { sql, columns, shown }: ReadSource,
  whenLeft: "drain" | "leave",
): AsyncGenerator<object[]> {
  const reader = new RowReader(columns, shown);
  let seen: Buffer | undefined;
  let view: DataView;
  const copy = new CopyOut(client, sql, (bytes, start, end) => {
    if (bytes !== seen) view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    seen = bytes;
    reader.read(bytes, view, start, end);
    if (reader.waiting >= WAITING_ROWS) copy.pause();
  });
  let more = true;
  try {
    copy.begin();
    while (more) {
      more = await copy.more();
      if (reader.waiting > 0) yield reader.take();
    }
  } finally {
    if (more && whenLeft === "drain") await copy.drain();
  }
}
