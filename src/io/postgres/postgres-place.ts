import { createHash } from "node:crypto";
import { IOError } from "../../base/errors.js";
import type { MetadataValue } from "../../model/metadata-value.js";
import { NAME_BYTES, tableNamed, type TableName } from "../../postgres/identifier.js";

/** Where an asset's rows lie, and which of them are a partition's. */
export interface PostgresPlace {
  readonly table: Required<TableName>;
  /** The column whose value is the partition's key. */
  readonly partitionColumn: string;
  /** SQL over the row that is the partition's key, where no column is. */
  readonly partitionExpression?: string;
  /** The columns that tell one row from another; rows of the same are updated, none is deleted. Empty: rows are replaced. */
  readonly keys: readonly string[];
}

/** What the manager says where an asset's metadata says nothing. */
export interface PlaceDefaults {
  readonly schema: string | undefined;
  readonly partitionColumn: string;
}

/** Characters that every tool takes within a quoted name; `~` marks a name that stands for another. */
const PLAIN = /^[^\0-\x1f\x7f"~\p{Surrogate}]+$/u;
const HASH_CHARS = 16;

/**
 * The place of an asset, `millrace/table`, `millrace/partition_column`, `millrace/partition_expression` and `millrace/upsert_keys` of its
 * metadata first. Without them key `a/b/orders` is table `orders` in schema `a/b`, key `orders` in schema `public`; with a schema in the
 * manager's configuration every table is there, by the last part of its key.
 */
export function placeOf(assetKey: string, metadata: Readonly<Record<string, MetadataValue>>, defaults: PlaceDefaults): PostgresPlace {
  const named = textOf(metadata, "millrace/table");
  const expression = textOf(metadata, "millrace/partition_expression");
  return {
    table: named === undefined ? tableOfKey(assetKey, defaults.schema) : { schema: defaults.schema ?? "public", ...tableNamed(named) },
    partitionColumn: textOf(metadata, "millrace/partition_column") ?? defaults.partitionColumn,
    ...(expression === undefined ? {} : { partitionExpression: expression }),
    keys: namesOf(metadata, "millrace/upsert_keys", assetKey),
  };
}

/** Keys that differ never share a name in a schema of their prefix, however long or odd they are. */
function tableOfKey(assetKey: string, schema: string | undefined): Required<TableName> {
  const slash = assetKey.lastIndexOf("/");
  const prefix = slash < 0 ? undefined : assetKey.slice(0, slash);
  return { schema: schema ?? (prefix === undefined ? "public" : schemaName(prefix)), table: nameOf(assetKey.slice(slash + 1)) };
}

/** Postgres keeps names that begin with `pg_` for itself, and one-part keys lie in `public`. */
function schemaName(prefix: string): string {
  return prefix === "public" || prefix === "" || /^(pg_|information_schema$|_millrace$)/.test(prefix) ? hashed(prefix) : nameOf(prefix);
}

function nameOf(part: string): string {
  return PLAIN.test(part) && Buffer.byteLength(part) <= NAME_BYTES ? part : hashed(part);
}

function hashed(part: string): string {
  let begin = part.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, NAME_BYTES - HASH_CHARS - 1);
  if (begin.startsWith("pg_")) begin = `_${begin}`.slice(0, NAME_BYTES - HASH_CHARS - 1);
  return `${begin}~${createHash("sha256").update(part, "utf16le").digest("hex").slice(0, HASH_CHARS)}`;
}

function textOf(metadata: Readonly<Record<string, MetadataValue>>, name: string): string | undefined {
  const given = metadata[name];
  return given?.type === "text" ? given.value : undefined;
}

function namesOf(metadata: Readonly<Record<string, MetadataValue>>, name: string, assetKey: string): readonly string[] {
  const given = metadata[name];
  if (given === undefined) return [];
  const names: unknown = given.type === "text" ? [given.value] : given.value;
  if (Array.isArray(names) && names.length > 0 && names.every((one) => typeof one === "string")) return names;
  throw new IOError("IO.UPSERT_KEYS", `Metadata "${name}" of asset "${assetKey}" names no columns.`, {
    fix: `Give the names in a list: metadata: { "${name}": ["id"] }.`,
    allowRetries: false,
  });
}
