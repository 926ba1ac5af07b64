import { closeSync, createReadStream, openSync, readSync, writeFileSync } from "node:fs";
import { open, readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { IOError } from "../base/errors.js";
import type { Codec, CodecContext } from "./codec.js";
import { isAsyncIterable } from "./rows/row-codec.js";
import { decodeTagged, encodeTagged, UnknownTagError } from "./tagged-json.js";

const ROWS_HEAD = '{"$rows":"one a line"}';
const FLUSH_CHARS = 1 << 16;
const HEAD_BYTES = 1 << 14;

/**
 * Values as JSON that comes back equal: also Date, bigint, Map, Set, bytes, undefined, NaN, infinities and -0. An async
 * iterable of rows is written as one row a line, between a head line and an end line that counts them.
 */
export class JsonCodec implements Codec {
  readonly extension = "json";

  async write(value: unknown, path: string, context: CodecContext): Promise<void> {
    if (!isAsyncIterable(value)) return writeText(path, encodeTagged(value, context.assetKey) + "\n");
    const file = await open(path, "w");
    try {
      let text = `${ROWS_HEAD}\n`;
      let rowCount = 0;
      const rowPath = (): string[] => ["$", `[${rowCount}]`];
      for await (const row of value) {
        context.signal?.throwIfAborted();
        text += `${encodeTagged(row, context.assetKey, rowPath)}\n`;
        rowCount++;
        if (text.length < FLUSH_CHARS) continue;
        await file.appendFile(text);
        text = "";
      }
      await file.appendFile(`${text}{"$end":${rowCount}}\n`);
    } finally {
      await file.close();
    }
  }

  /** The value; of a stream: all its rows in an array (see {@link JsonCodec.readRows} for one by one). */
  async read(path: string, context: CodecContext): Promise<unknown> {
    const { head, whole } = readHead(path);
    if (head.startsWith(ROWS_HEAD)) {
      const rows: unknown[] = [];
      for await (const row of this.readRows(path, context)) rows.push(row);
      return rows;
    }
    const text = whole ? head : await readFile(path, "utf8");
    try {
      return decodeTagged(text);
    } catch (error) {
      throw corrupt(path, positionIn(text, error), context, error);
    }
  }

  /** The rows of a file that was written from an async iterable, one by one in bounded memory. */
  async *readRows(path: string, context: CodecContext): AsyncGenerator<unknown> {
    const lines = createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Infinity });
    let lineNumber = 0;
    let end: string | undefined;
    try {
      for await (const line of lines) {
        lineNumber++;
        if (lineNumber === 1) continue;
        if (end !== undefined) throw corrupt(path, `line ${lineNumber}: text after the end`, context);
        if (line.startsWith('{"$end":')) {
          end = line;
          continue;
        }
        yield decodeLine(line, lineNumber, path, context);
      }
    } finally {
      lines.close();
    }
    if (end !== `{"$end":${lineNumber - 2}}`)
      throw corrupt(path, `line ${lineNumber}: ${end === undefined ? "the end is missing" : "rows are missing"}`, context);
  }
}

/** A small text at once: the way through the thread pool and back takes longer than the file. */
async function writeText(path: string, text: string): Promise<void> {
  if (text.length <= FLUSH_CHARS) writeFileSync(path, text);
  else await writeFile(path, text);
}

/** The file's beginning, which tells rows from a value; it is the whole file when that is small. Synchronous for the reason of {@link writeText}. */
function readHead(path: string): { readonly head: string; readonly whole: boolean } {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(HEAD_BYTES);
    const bytesRead = readSync(file, buffer, 0, HEAD_BYTES, 0);
    return { head: buffer.toString("utf8", 0, bytesRead), whole: bytesRead < HEAD_BYTES };
  } finally {
    closeSync(file);
  }
}

function decodeLine(line: string, lineNumber: number, path: string, context: CodecContext): unknown {
  try {
    return decodeTagged(line);
  } catch (error) {
    throw corrupt(path, `line ${lineNumber}`, context, error);
  }
}

function corrupt(path: string, position: string, { assetKey }: CodecContext, cause?: unknown): IOError {
  return new IOError("IO.CORRUPT", `The stored value of asset "${assetKey}" cannot be read: ${path} is damaged at ${position}.`, {
    fix: `Materialize "${assetKey}" again, or restore the file.`,
    cause,
  });
}

/** Where the text stops being JSON. V8 does not always tell, but it does tell a text that is cut off from one that is wrong. */
function positionIn(text: string, error: unknown): string {
  if (error instanceof UnknownTagError) return `an unknown tag ${error.tag}`;
  const message = error instanceof Error ? error.message : "";
  const told = /at position (\d+)/.exec(message)?.[1];
  const offset = told === undefined ? firstWrong(text) : Number(told);
  const before = text.slice(0, offset);
  return `line ${before.split("\n").length}, column ${offset - before.lastIndexOf("\n")}`;
}

function firstWrong(text: string): number {
  let right = 0; // a prefix of this length is only cut off
  let wrong = text.length + 1;
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (isCutOff(text.slice(0, middle))) right = middle;
    else wrong = middle;
  }
  return right;
}

function isCutOff(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return true;
  } catch (error) {
    const { message } = error as Error;
    return /Unexpected end|Unterminated string/.test(message) || message.includes(`at position ${prefix.length}`);
  }
}
