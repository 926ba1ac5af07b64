import { statSync } from "node:fs";
import { stat } from "node:fs/promises";
import type { InputContext, OutputContext } from "../../config/io-manager.js";
import {
  attemptAddress,
  discardFile,
  fixedAddress,
  flushFile,
  isMissing,
  neverStored,
  prepareFolder,
  publishFile,
  type Stored,
} from "./attempt-file.js";
import type { FilePlace, PlacedFile, StoredFile } from "./file-place.js";

/**
 * A folder: each value in `<folder>/<key>.<extension>`, each partition in `<folder>/<key>/@<partition>.<extension>`. What is written is
 * fsynced under the attempt's own name and renamed when it is published: a reader sees the old value or the new one, never half of one, also
 * after a crash.
 */
export class LocalPlace implements FilePlace {
  constructor(
    readonly folder: string,
    readonly extension: string,
  ) {}

  addressOf(stored: Stored): string {
    return fixedAddress(this.folder, stored, this.extension);
  }

  async store(context: OutputContext, write: (path: string) => Promise<void>): Promise<StoredFile> {
    const address = this.addressOf(context);
    const path = attemptAddress(address, context.attemptId);
    prepareFolder(path);
    try {
      await write(path);
      await flushFile(path, context);
      return { sizeBytes: statSync(path).size };
    } catch (error) {
      await discardFile(address, context.attemptId);
      throw error;
    }
  }

  async publish(context: OutputContext): Promise<void> {
    await publishFile(this.addressOf(context), context.attemptId, context);
  }

  async discard(context: OutputContext): Promise<void> {
    await discardFile(this.addressOf(context), context.attemptId);
  }

  async find(context: InputContext): Promise<PlacedFile> {
    const address = this.addressOf(context);
    await stat(address).catch((error: unknown) => {
      throw isMissing(error) ? neverStored(context, address, error) : error;
    });
    return { address, open: () => Promise.resolve({ path: address, close: () => Promise.resolve() }) };
  }
}
