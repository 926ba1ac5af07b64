import type { PoolClient } from "pg";
import { BUILT_IN, type PostgresType } from "./column-kind.js";

/** A row of pg_type. */
interface TypeRow {
  readonly oid: number;
  readonly name: string;
  readonly category: string;
  readonly kind: string;
  readonly element: number;
  readonly base: number;
  readonly baseModifier: number;
  readonly labels: readonly string[] | null;
  readonly sendsText: boolean;
}

/** A type as a column or a result names it. */
export interface TypeReference {
  readonly oid: number;
  readonly modifier: number;
}

const TYPES = `SELECT t.oid::int8::float8 AS oid, t.typname AS name, t.typcategory AS category, t.typtype AS kind, t.typelem::int8::float8 AS element,
    t.typbasetype::int8::float8 AS base, t.typtypmod AS "baseModifier", t.typsend::text IN ('textsend', 'citextsend') AS "sendsText",
    (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) AS labels
  FROM pg_catalog.pg_type t WHERE t.oid = ANY ($1::oid[])`;

/** The types that columns have, domains and arrays taken apart. */
export async function resolveTypes(client: PoolClient, wanted: readonly TypeReference[]): Promise<PostgresType[]> {
  const rows = new Map<number, TypeRow>();
  for (
    let missing = unknownOf(
      wanted.map(({ oid }) => oid),
      rows,
    );
    missing.length > 0;
  ) {
    const found = await client.query<TypeRow>(TYPES, [missing]);
    if (found.rows.length === 0) break;
    for (const row of found.rows) rows.set(row.oid, row);
    missing = unknownOf(found.rows.flatMap(({ element, base }) => [element, base]), rows); // prettier-ignore
  }
  return wanted.map((reference) => resolved(reference, rows));
}

function unknownOf(oids: readonly number[], known: ReadonlyMap<number, TypeRow>): number[] {
  return [...new Set(oids)].filter((oid) => oid !== 0 && !BUILT_IN.has(oid) && !known.has(oid));
}

function resolved({ oid, modifier }: TypeReference, rows: ReadonlyMap<number, TypeRow>): PostgresType {
  const builtIn = BUILT_IN.get(oid);
  if (builtIn !== undefined) return { oid, kind: builtIn, name: builtInName(oid, builtIn, modifier), modifier };
  const row = rows.get(oid);
  if (row === undefined) return { oid, kind: "other", name: `type ${oid}`, modifier };
  if (row.kind === "d") return { ...resolved({ oid: row.base, modifier: row.baseModifier }, rows), name: row.name };
  if (row.labels !== null) return { oid, kind: "text", name: row.name, modifier: -1, labels: new Set(row.labels) };
  if (row.category === "A" && row.element !== 0) {
    const element = resolved({ oid: row.element, modifier }, rows);
    return { oid, kind: element.kind === "other" ? "other" : "array", name: `${element.name}[]`, modifier, element };
  }
  return { oid, kind: row.sendsText ? "text" : "other", name: row.name, modifier };
}

const WORDS: ReadonlyMap<number, string> = new Map([
  [16, "boolean"],
  [19, "name"],
  [20, "bigint"],
  [21, "smallint"],
  [23, "integer"],
  [25, "text"],
  [700, "real"],
  [701, "double precision"],
  [1042, "character"],
  [1043, "character varying"],
]);

function builtInName(oid: number, kind: string, modifier: number): string {
  const name = WORDS.get(oid) ?? kind;
  if (modifier < 4) return name;
  if (oid === 1042 || oid === 1043) return `${name}(${modifier - 4})`;
  if (kind !== "numeric") return name;
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  return `numeric(${((modifier - 4) >> 16) & 0xffff},${scale})`;
}
