import type { InputContext, OutputContext } from "../config/io-manager.js";
import { AttemptFileIOManager } from "./attempt-file-io-manager.js";
import type { Codec } from "./codec.js";
import { JsonCodec } from "./json-codec.js";

/** Keeps each asset's value, and each partition's, in a file of its own: JSON unless another codec is given. */
export class FileIOManager extends AttemptFileIOManager<unknown> {
  /** How a value becomes bytes. @defaultValue JSON that also keeps Date, bigint, Map, Set, bytes and undefined */
  codec: Codec = new JsonCodec();

  protected override write(stored: unknown, path: string, context: OutputContext): Promise<void> {
    return this.codec.write(stored, path, context);
  }

  protected override read(path: string, context: InputContext): Promise<unknown> {
    return this.codec.read(path, context);
  }
}
