import { createReadStream, createWriteStream } from "node:fs";
import { pipeline as piped, Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

/** Writes the texts to a file, as fast as it takes them. */
export async function writeText(
  texts: AsyncIterable<string>,
  path: string,
  { gzip, signal }: { readonly gzip: boolean; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const source = Readable.from(texts, { highWaterMark: 1 });
  const steps = [source, ...(gzip ? [createGzip()] : []), createWriteStream(path)];
  await pipeline(steps, signal ? { signal } : {});
}

/** What the parser makes of the file's bytes; the file is closed when the iteration ends or is left. */
export function readText(path: string, gzip: boolean, parser: Transform): AsyncIterable<unknown> {
  const steps = [createReadStream(path), ...(gzip ? [createGunzip()] : []), parser];
  piped(steps, () => undefined); // an error of any step is the parser's, whose reader gets it
  return parser;
}
