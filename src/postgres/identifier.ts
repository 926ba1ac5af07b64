/** A table by its schema, where that is named, and its name: both as they are, unquoted. */
export interface TableName {
  readonly schema?: string;
  readonly table: string;
}

/** Postgres cuts longer names in silence. */
export const NAME_BYTES = 63;

/** The name as SQL takes it, whatever it is made of. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The table as SQL takes it. */
export function quotedTable({ schema, table }: TableName): string {
  return schema === undefined ? quoted(table) : `${quoted(schema)}.${quoted(table)}`;
}

/** The table as an error names it. */
export function shownTable({ schema, table }: TableName): string {
  return schema === undefined ? table : `${schema}.${table}`;
}

/**
 * What `orders`, `warehouse.orders` or `"Odd.Name"."x"` stands for. A name without quotes means itself, capitals included;
 * a dot parts schema and table.
 */
export function tableNamed(text: string): TableName {
  const match = /^(?:("(?:[^"]|"")+"|[^".]+)\.)?("(?:[^"]|"")+"|[^".]+)$/s.exec(text);
  if (match === null) return { table: text };
  const [, schema, table = text] = match;
  return schema === undefined ? { table: unquoted(table) } : { schema: unquoted(schema), table: unquoted(table) };
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** The action of ALTER TABLE that gives a column another type, its values by their text. */
export function retyped(column: string, sqlType: string): string {
  return `ALTER COLUMN ${quoted(column)} TYPE ${sqlType} USING ${quoted(column)}::text${sqlType === "text" ? "" : `::${sqlType}`}`;
}
