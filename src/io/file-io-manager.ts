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
import type { Codec } from "./codec.js";
import { JsonCodec } from "./json-codec.js";

/**
 * Keeps each asset's value in one file, `<folder>/<key>.json`, each partition in one of its own, `<folder>/<key>/@<partition>.json`. What is written is fsynced under the attempt's own name and
 * renamed when it is published: a reader sees the old value or the new one, never half of one, also after a crash.
 */
export class FileIOManager extends IOManager {
  /** Folder of the files. @defaultValue the instance's folder for stored values */
  folder?: string;
  /** How a value becomes bytes. @defaultValue JSON that also keeps Date, bigint, Map, Set, bytes and undefined */
  codec: Codec = new JsonCodec();

  override async store(stored: unknown, context: OutputContext): Promise<{ path: string }> {
    const address = this.addressOf(context);
    const path = attemptAddress(address, context.attemptId);
    prepareFolder(path);
    try {
      await this.codec.write(stored, path, context);
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

  override async load(context: InputContext): Promise<unknown> {
    const path = this.addressOf(context);
    try {
      return await this.codec.read(path, context);
    } catch (error) {
      if (isMissing(error)) throw neverStored(context, path, error);
      throw error;
    }
  }

  private addressOf(context: Pick<OutputContext, "assetKey" | "partitionKey" | "storageDir">): string {
    return fixedAddress(this.folder ?? context.storageDir, context, this.codec.extension);
  }
}
