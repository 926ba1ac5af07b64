import type { InputContext, OutputContext } from "../config/io-manager.js";
import { IOManager } from "../config/io-manager.js";
import {
  attemptAddress,
  discardFile,
  fixedAddress,
  flushFile,
  isMissing,
  neverStored,
  prepareFolder,
  publishFile,
} from "./attempt-file.js";

/**
 * Keeps each asset's value in one file, `<folder>/<key>.<extension>`, each partition in one of its own, `<folder>/<key>/@<partition>.<extension>`.
 * What is written is fsynced under the attempt's own name and renamed when it is published: a reader sees the old value or the new one, never half
 * of one, also after a crash.
 */
export abstract class AttemptFileIOManager<T, Loaded = unknown> extends IOManager<T> {
  /** Folder of the files. @defaultValue the instance's folder for stored values */
  folder?: string;

  /** How a value becomes the bytes of a file; `extension` is that of its name. */
  abstract readonly codec: { readonly extension: string };

  /** Writes the file of an attempt. */
  protected abstract write(stored: T, path: string, context: OutputContext): Promise<void>;
  /** Reads a published file; rejects with `ENOENT` where there is none. */
  protected abstract read(path: string, context: InputContext): Promise<Loaded>;

  override async store(stored: T, context: OutputContext): Promise<{ path: string }> {
    const address = this.addressOf(context);
    const path = attemptAddress(address, context.attemptId);
    prepareFolder(path);
    try {
      await this.write(stored, path, context);
      await flushFile(path, context);
    } catch (error) {
      await discardFile(address, context.attemptId);
      throw error;
    }
    return { path: address };
  }

  override async publish(context: OutputContext): Promise<void> {
    await publishFile(this.addressOf(context), context.attemptId, context);
  }

  override async discard(context: OutputContext): Promise<void> {
    await discardFile(this.addressOf(context), context.attemptId);
  }

  override async load(context: InputContext): Promise<Loaded> {
    const path = this.addressOf(context);
    try {
      return await this.read(path, context);
    } catch (error) {
      if (isMissing(error)) throw neverStored(context, path, error);
      throw error;
    }
  }

  private addressOf(context: Pick<OutputContext, "assetKey" | "partitionKey" | "storageDir">): string {
    return fixedAddress(this.folder ?? context.storageDir, context, this.codec.extension);
  }
}
