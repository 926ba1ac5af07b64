import { mkdirSync, renameSync } from "node:fs";
import { open, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { IOError } from "../../base/errors.js";
import type { OutputContext } from "../../config/io-manager.js";
import { decodeName, encodePartition, encodeSegment } from "./encoded-name.js";

const SEGMENT_CHARS = 100; // with the attempt's id a name stays below the 255 bytes of a file system
const LEFTOVER = /^\.[\w%~@-]+\.([\w%-]+)\.[a-z0-9]+(?:\.gz)?\.tmp$/;

/** What has a place of its own: an asset, or a partition of one. */
export interface Stored {
  readonly assetKey: string;
  readonly partitionKey?: string;
}

/** What is published, and whether its new name has to outlive a power cut. */
type Published = Stored & Pick<OutputContext, "outlivesPowerCut">;

/**
 * The one file in which readers find a value: `<folder>/<key>.<extension>`, each segment of the key encoded; of a partition
 * `<folder>/<key>/@<partition>.<extension>`. No other asset's file begins with `@`.
 */
export function fixedAddress(folder: string, { assetKey, partitionKey }: Stored, extension: string): string {
  const parts = assetKey.split("/").flatMap((segment) => cut(encodeSegment(segment)));
  if (partitionKey !== undefined) parts.push(...cut(encodePartition(partitionKey)).map((part) => `@${part}`));
  return `${join(folder, ...parts)}.${extension}`;
}

/** The value as an error names it. */
export function described({ assetKey, partitionKey }: Stored): string {
  return partitionKey === undefined ? `Asset "${assetKey}"` : `Partition ${JSON.stringify(partitionKey)} of asset "${assetKey}"`;
}

/** Where an attempt writes before it is published: beside the fixed address, so that a rename suffices. Readers never look here. */
export function attemptAddress(address: string, attemptId: string): string {
  return join(dirname(address), `.${basename(address).replace(/\.(\w+(?:\.gz)?)$/, `.${encodeSegment(attemptId)}.$1`)}.tmp`);
}

/**
 * Makes the folder of a file that is about to be written. Synchronous, as the rename is: a call takes about 20 µs, and the way through
 * the thread pool and back ten times as long.
 */
export function prepareFolder(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
}

/** Returns when the file's bytes would outlive a power cut; at once, where nothing has to. */
export async function flushFile(path: string, { outlivesPowerCut = true }: Pick<OutputContext, "outlivesPowerCut">): Promise<void> {
  if (!outlivesPowerCut) return;
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Renames what the attempt wrote to the fixed address; who reads sees the old file or the new one, whole. Repeatable: when the
 * attempt's file is gone and the address has one, the rename was done before.
 */
export async function publishFile(address: string, attemptId: string, stored: Published): Promise<void> {
  const written = attemptAddress(address, attemptId);
  try {
    renameSync(written, address);
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (await exists(address)) return;
    throw nothingToPublish(stored, written, error);
  }
  if (stored.outlivesPowerCut ?? true) await flushFolder(dirname(address));
}

/** Removes what the attempt wrote and did not publish; nothing there is fine. */
export async function discardFile(address: string, attemptId: string): Promise<void> {
  await rm(attemptAddress(address, attemptId), { force: true });
}

/** Deletes files that attempts left unpublished, in the folder and below, and gives their paths. Those of current attempts stay. */
export async function sweep(folder: string, isCurrent: (attemptId: string) => boolean | Promise<boolean>): Promise<string[]> {
  const swept: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      swept.push(...(await sweep(path, isCurrent)));
      continue;
    }
    const attempt = LEFTOVER.exec(entry.name)?.[1];
    if (attempt === undefined || (await isCurrent(decodeName(attempt)))) continue;
    await rm(path, { force: true });
    swept.push(path);
  }
  return swept;
}

/** The error of an attempt whose file somebody removed. */
export function nothingToPublish(stored: Stored, written: string, cause: unknown): IOError {
  return new IOError("IO.NOTHING_TO_PUBLISH", `${described(stored)} cannot be published: this attempt's file ${written} is gone.`, {
    fix: `Materialize "${stored.assetKey}" again; do not delete what a run that is going on has not published yet.`,
    cause,
  });
}

/** The error of a value that is not there. */
export function neverStored(stored: Stored, path: string | undefined, cause?: unknown): IOError {
  const place = path === undefined ? "this process holds no value of it" : `${path} does not exist`;
  const { assetKey, partitionKey } = stored;
  const partition = partitionKey === undefined ? "" : ` --partition ${JSON.stringify(partitionKey)}`;
  return new IOError(
    "IO.NOT_FOUND",
    `${described(stored)} has no stored value: ${place}. It was never materialized, or its value was removed.`,
    {
      fix: `Materialize "${assetKey}" first: millrace materialize ${JSON.stringify(assetKey)}${partition}`,
      cause,
    },
  );
}

/** Whether the error says that a file or folder does not exist. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}

/** A rename is durable when its folder is flushed; Windows has no such call and needs none. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Long names in several folders; `~` marks one that goes on, which no encoded name holds. */
function cut(encoded: string): string[] {
  const parts = encoded.match(new RegExp(`.{1,${SEGMENT_CHARS}}`, "g")) ?? [];
  return parts.map((part, index) => (index < parts.length - 1 ? `${part}~` : part));
}
