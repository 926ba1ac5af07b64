import type { InputContext, OutputContext } from "../config/io-manager.js";
import { IOManager } from "../config/io-manager.js";
import { isMissing, neverStored } from "./places/attempt-file.js";
import type { Codec } from "./codec.js";
import { RowStream } from "../model/row-stream.js";
import { JsonCodec } from "./json-codec.js";
import { isAsyncIterable } from "./rows/row-codec.js";
import { handedForm, rowsOf, withoutBatches } from "./rows/row-forms.js";
import { LocalPlace } from "./places/local-place.js";

/** Keeps each asset's value, and each partition's, in a file of its own: JSON unless another codec is given. */
export class FileIOManager extends IOManager {
  /** Folder of the files. @defaultValue the instance's folder for stored values */
  folder?: string;

  /** How a value becomes bytes. @defaultValue JSON that also keeps Date, bigint, Map, Set, bytes and undefined */
  codec: Codec = new JsonCodec();

  override async store(stored: unknown, context: OutputContext): Promise<{ path: string }> {
    const place = this.placeFor(context);
    await place.store(context, (path) => this.codec.write(plain(stored), path, context));
    return { path: place.addressOf(context) };
  }

  override async publish(context: OutputContext): Promise<void> {
    await this.placeFor(context).publish(context);
  }

  override async discard(context: OutputContext): Promise<void> {
    await this.placeFor(context).discard(context);
  }

  override async load(context: InputContext): Promise<unknown> {
    const path = this.placeFor(context).addressOf(context);
    try {
      return await this.codec.read(path, context);
    } catch (error) {
      if (isMissing(error)) throw neverStored(context, path, error);
      throw error;
    }
  }

  private placeFor({ storageDir }: { readonly storageDir: string }): LocalPlace {
    return new LocalPlace(this.folder ?? storageDir, this.codec.extension);
  }
}

/** Tables, relations and batches of columns as the rows that they hold; anything else as it is. */
function plain(stored: unknown): unknown {
  const batches = handedForm(stored) === undefined ? undefined : rowsOf(stored);
  if (batches) return new RowStream(batches);
  return isAsyncIterable(stored) && !(stored instanceof RowStream) ? withoutBatches(stored) : stored;
}
