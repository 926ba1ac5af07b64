import { types } from "node:util";
import { readFile, writeFile } from "node:fs/promises";
import { IOError } from "../base/errors.js";
import type { Codec, CodecContext } from "./codec.js";
import { isAsyncIterable } from "./rows/row-codec.js";

/**
 * Bytes as they are: a `Uint8Array`, or an async iterable of them, which is written as it comes. They are read whole.
 * @example
 * ```ts
 * @Asset({ io: FileIOManager.with({ codec: new BytesCodec("png") }) })
 * ```
 */
export class BytesCodec implements Codec {
  /** @param extension - of the files, without the dot */
  constructor(readonly extension = "bin") {}

  async write(value: unknown, path: string, { assetKey, signal }: CodecContext): Promise<void> {
    if (!types.isUint8Array(value) && !isAsyncIterable(value)) throw noBytes(value, assetKey);
    const bytes = types.isUint8Array(value) ? value : checked(value, assetKey);
    await writeFile(path, bytes, signal ? { signal } : {});
  }

  async read(path: string, { signal }: CodecContext): Promise<Uint8Array> {
    return new Uint8Array(await readFile(path, signal ? { signal } : {}));
  }
}

async function* checked(chunks: AsyncIterable<unknown>, assetKey: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (!types.isUint8Array(chunk)) throw noBytes(chunk, assetKey);
    yield chunk;
  }
}

function noBytes(value: unknown, assetKey: string): IOError {
  const what = Array.isArray(value) ? "an array" : value === null ? "null" : `a value of type ${typeof value}`;
  return new IOError("IO.NO_BYTES", `Asset "${assetKey}" gave ${what}, but its codec keeps bytes.`, {
    fix: "Return a Uint8Array or an async iterable of them, or use another codec.",
  });
}
