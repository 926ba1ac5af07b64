import { createHash } from "node:crypto";
import type { Stored } from "./attempt-file.js";
import { escapedCharacter } from "./encoded-name.js";

/** S3 takes keys of 1,024 bytes; a part that is longer than this ends in a hash. */
const PART_CHARS = 200;
const BEGINNING_CHARS = 150;

/**
 * The key of an object: `<prefix>/<key parts>.<extension>`, of a partition `<prefix>/<key parts>/<partition>.<extension>`.
 *
 * Letters, digits and `_ - . :` stand for themselves, so ordinary keys and days are as they are; every other byte is `%XX`, and so is a dot at the
 * beginning of a part. A part of more than 200 characters keeps its first 150, with `~` and a hash behind them. The last part of an undivided
 * asset's key that begins with a digit has that digit as `%3X`, where other parts come before it: `orders/2025-01-01` is partition `2025-01-01` of
 * `orders`.
 */
export function s3Key(prefix: string, { assetKey, partitionKey }: Stored, extension: string): string {
  const segments = assetKey.split("/");
  const parts = segments.map(keyPart);
  if (partitionKey !== undefined) parts.push(keyPart(partitionKey));
  else if (parts.length > 1) parts.push((parts.pop() ?? "").replace(/^\d/, escapedCharacter));
  return `${below(prefix, parts.join("/"))}.${extension}`;
}

/** Where an attempt keeps what is not published yet. Readers never look here, and no value's key begins so. */
export function s3AttemptKey(prefix: string, stored: Stored & { readonly attemptId: string }, extension: string): string {
  return below(prefix, `${ATTEMPTS}${keyPart(stored.attemptId)}/${s3Key("", stored, extension)}`);
}

/** What keys of attempts begin with, behind the prefix. */
export const ATTEMPTS = ".attempts/";

/** The path below the prefix, which may be empty, and may have slashes around it. */
export function below(prefix: string, path: string): string {
  const folder = prefix.replace(/^\/+|\/+$/g, "");
  return folder === "" ? path : `${folder}/${path}`;
}

/** One part of a key; two that differ never come out alike. */
export function keyPart(part: string): string {
  if (part === "") return "%";
  const encoded = part.replace(/^\.|[^A-Za-z0-9_.:-]/gu, escapedCharacter);
  if (encoded.length <= PART_CHARS) return encoded;
  return `${encoded.slice(0, BEGINNING_CHARS)}~${createHash("sha256").update(encoded).digest("hex").slice(0, 40)}`;
}
