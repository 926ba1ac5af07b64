import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { IOError } from "../../base/errors.js";
import { newId } from "../../base/ids.js";
import type { InputContext, OutputContext } from "../../config/io-manager.js";
import { isMissingObject } from "../../resources/s3-error.js";
import type { S3Resource } from "../../resources/s3-resource.js";
import { attemptAddress, described, fixedAddress, neverStored, nothingToPublish, prepareFolder, type Stored } from "./attempt-file.js";
import { decodeName } from "./encoded-name.js";
import type { FilePlace, OpenFile, PlacedFile, StoredFile } from "./file-place.js";
import { openedPath } from "./opened-path.js";
import { ATTEMPTS, below, keyPart, s3AttemptKey, s3Key } from "./s3-key.js";

/** What a place in S3 is made of. */
export interface S3PlaceOptions {
  readonly s3: S3Resource;
  readonly bucket: string;
  readonly prefix: string;
  readonly extension: string;
  /** Where files are on their way. */
  readonly storageDir: string;
}

/**
 * A bucket, or the part of it that begins with a prefix; see {@link s3Key} for the keys. A file is written on this machine, uploaded under
 * the attempt's own key, and copied within the server when it is published: a reader gets the old object or the new one.
 */
export class S3Place implements FilePlace {
  constructor(private readonly options: S3PlaceOptions) {}

  addressOf(stored: Stored): string {
    return `s3://${this.options.bucket}/${this.keyOf(stored)}`;
  }

  async store(context: OutputContext, write: (path: string) => Promise<void>): Promise<StoredFile> {
    const { s3, storageDir, extension } = this.options;
    const path = attemptAddress(fixedAddress(storageDir, context, extension), context.attemptId);
    prepareFolder(path);
    try {
      await write(path);
      const { signal } = context;
      return { sizeBytes: await s3.uploadFile(this.attemptKeyOf(context), path, { signal, metadata: ownerOf(context) }) };
    } finally {
      await rm(path, { force: true });
    }
  }

  async publish(context: OutputContext): Promise<void> {
    const { s3, bucket } = this.options;
    const [from, to] = [this.attemptKeyOf(context), this.keyOf(context)];
    try {
      await s3.copy(from, to);
    } catch (error) {
      if (!isMissingObject(error)) throw error;
      if (await s3.exists(to)) return; // repeated: done before
      throw nothingToPublish(context, `s3://${bucket}/${from}`, error);
    }
    await s3.delete(from);
  }

  async discard(context: OutputContext): Promise<void> {
    await this.options.s3.delete(this.attemptKeyOf(context));
  }

  async find(context: InputContext): Promise<PlacedFile> {
    const { s3 } = this.options;
    const { signal } = context;
    const key = this.keyOf(context);
    const address = this.addressOf(context);
    const { metadata } = await s3.head(key, { signal }).catch((error: unknown) => {
      throw isMissingObject(error) ? neverStored(context, s3.shown(key), error) : error;
    });
    refuseOther(metadata, context, address);
    return { address, open: () => this.fetch(key, signal) };
  }

  /** The object in a file that has no name: it is gone when it is closed, or when the process is. */
  private async fetch(key: string, signal: AbortSignal): Promise<OpenFile> {
    const { s3, storageDir, extension } = this.options;
    const named = join(storageDir, `.${newId()}.${extension}`);
    prepareFolder(named);
    const file = await open(named, "wx+");
    const path = openedPath(file, named);
    const close = async (): Promise<void> => {
      await file.close();
      await rm(named, { force: true });
    };
    try {
      if (path !== named) await rm(named);
      await s3.downloadFile(key, path, { signal });
      return { path, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  private keyOf(stored: Stored): string {
    return s3Key(this.options.prefix, stored, this.options.extension);
  }

  private attemptKeyOf(context: OutputContext): string {
    return s3AttemptKey(this.options.prefix, context, this.options.extension);
  }
}

/** Deletes what attempts left unpublished below the prefix, and gives the keys. Those of current attempts stay. */
export async function sweepAttempts(s3: S3Resource, prefix: string, isCurrent: (attemptId: string) => Promise<boolean>): Promise<string[]> {
  const folder = below(prefix, ATTEMPTS);
  const swept: string[] = [];
  for await (const { key } of s3.list(folder)) {
    const [attempt = ""] = key.slice(folder.length).split("/");
    if (await isCurrent(decodeName(attempt))) continue;
    await s3.delete(key);
    swept.push(key);
  }
  return swept;
}

/** Whose value an object is: what its key does not tell. */
function ownerOf({ assetKey, partitionKey }: Stored): Record<string, string> {
  return { "millrace-asset": keyPart(assetKey), ...(partitionKey === undefined ? {} : { "millrace-partition": keyPart(partitionKey) }) };
}

/** Partition `eu` of asset `orders` and asset `orders/eu` have one key. An object that somebody else stored has no owner, and is taken. */
function refuseOther(metadata: Readonly<Record<string, string>>, wanted: Stored, address: string): void {
  const owner = ownerOf(wanted);
  const { "millrace-asset": assetKey, "millrace-partition": partitionKey } = metadata;
  if (assetKey === undefined || (assetKey === owner["millrace-asset"] && partitionKey === owner["millrace-partition"])) return;
  const other = described({
    assetKey: decodeName(assetKey),
    ...(partitionKey === undefined ? {} : { partitionKey: decodeName(partitionKey) }),
  });
  throw new IOError("IO.SAME_PLACE", `${described(wanted)} was replaced: ${other} is stored at ${address}, too.`, {
    fix: `Give one of them another key, or an IO manager with another \`prefix\`, and materialize both again.`,
    allowRetries: false,
  });
}
