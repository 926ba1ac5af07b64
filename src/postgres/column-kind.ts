/** How a type of Postgres travels in binary. */
export type PostgresKind =
  | "bool"
  | "int2"
  | "int4"
  | "int8"
  | "float4"
  | "float8"
  | "numeric"
  | "text"
  | "bytea"
  | "date"
  | "time"
  | "timestamp"
  | "timestamptz"
  | "json"
  | "jsonb"
  | "uuid"
  | "array"
  /** Any other: it is read as text, and cannot be written by COPY. */
  | "other";

/** A type of Postgres, as values of it are written and read. */
export interface PostgresType {
  /** The type as values of it travel; of a domain its base. */
  readonly oid: number;
  readonly kind: PostgresKind;
  /** As SQL writes it, e.g. `numeric(10,2)`. */
  readonly name: string;
  /** Of `varchar(n)`, `char(n)`, `numeric(p,s)`; -1: none. */
  readonly modifier: number;
  /** Of an array. */
  readonly element?: PostgresType;
  /** Of an enum. */
  readonly labels?: ReadonlySet<string>;
}

/** The kinds of built-in types, by the number that is theirs in every Postgres. */
export const BUILT_IN: ReadonlyMap<number, PostgresKind> = new Map<number, PostgresKind>([
  [16, "bool"],
  [17, "bytea"],
  [19, "text"],
  [20, "int8"],
  [21, "int2"],
  [23, "int4"],
  [25, "text"],
  [114, "json"],
  [700, "float4"],
  [701, "float8"],
  [1042, "text"],
  [1043, "text"],
  [1082, "date"],
  [1083, "time"],
  [1114, "timestamp"],
  [1184, "timestamptz"],
  [1700, "numeric"],
  [2950, "uuid"],
  [3802, "jsonb"],
]);
