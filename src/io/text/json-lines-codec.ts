import { Transform } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { IOError, messageOf } from "../../base/errors.js";
import type { Json } from "../../base/canonical-json.js";
import { columnTypeText, parseColumnType, type ColumnShape } from "../../model/column-type.js";
import type { TableColumn } from "../../model/metadata-value.js";
import { tableColumnsOf, type RowSchema } from "../../model/row-schema.js";
import { isMissing } from "../places/attempt-file.js";
import { jsonOf, UnfitText, valueOf } from "../rows/column-text.js";
import { cutRows } from "../rows/cut-rows.js";
import { ownField, setField } from "../rows/row-fields.js";
import { BATCH_ROWS, type RowCodec, type RowReadContext, type RowWriteContext, type WrittenRows } from "../rows/row-codec.js";
import { decodeTagged, encodeTagged } from "../tagged-json.js";
import { readText, writeText } from "./text-file.js";

type Column = readonly [name: string, shape: ColumnShape];

/**
 * Rows as JSON, one a line. With a declared schema the JSON is plain: decimals, dates, times and bigints are text, moments text in ISO form, bytes
 * base64. Without one, what JSON lacks is tagged, so that every row comes back equal.
 */
export class JsonLinesCodec implements RowCodec {
  readonly extension: string;

  constructor(private readonly options: { readonly gzip?: boolean } = {}) {
    this.extension = options.gzip ? "jsonl.gz" : "jsonl";
  }

  async write(
    batches: AsyncIterable<readonly object[]> | Iterable<readonly object[]>,
    path: string,
    { schema, assetKey, signal }: RowWriteContext,
  ): Promise<WrittenRows> {
    const columns = schema && columnsOf(schema);
    const names = new Set<string>();
    let rowCount = 0;
    async function* texts(): AsyncGenerator<string> {
      for await (const batch of batches) {
        let text = "";
        for (const row of batch) {
          if (!columns) for (const name of Object.keys(row)) names.add(name);
          text += columns ? declaredLine(row, columns, assetKey) : encodeTagged(row, assetKey, () => ["$", `[${rowCount}]`]);
          text += "\n";
          rowCount++;
        }
        yield text;
      }
    }
    await writeText(texts(), path, { gzip: this.options.gzip ?? false, signal });
    return { rowCount, columns: schema ? tableColumnsOf(schema) : [...names].map((name): TableColumn => ({ name })) };
  }

  read(path: string, context: RowReadContext): AsyncIterable<object[]> {
    const all = (): AsyncIterable<object[]> => this.readWhole(path, context);
    if (context.columns === undefined && context.where === undefined) return all();
    return cutRows(all, context, context.assetKey).batches() as AsyncIterable<object[]>;
  }

  private async *readWhole(path: string, context: RowReadContext): AsyncGenerator<object[]> {
    const columns = context.schema && columnsOf(context.schema);
    let batch: object[] = [];
    let line = 0;
    try {
      for await (const text of readText(path, this.options.gzip ?? false, new LineSplitter()) as AsyncIterable<string>) {
        line++;
        batch.push(columns ? declaredRow(text, columns, { path, line, assetKey: context.assetKey }) : (decodeTagged(text) as object));
        if (batch.length < BATCH_ROWS) continue;
        context.signal?.throwIfAborted();
        yield batch;
        batch = [];
      }
    } catch (error) {
      if (error instanceof IOError || isMissing(error) || context.signal?.aborted) throw error;
      throw damaged(path, `line ${line + (error instanceof SyntaxError ? 0 : 1)}: ${messageOf(error)}`, context.assetKey, error);
    }
    if (batch.length > 0) yield batch;
  }
}

function columnsOf(schema: RowSchema): Column[] {
  return schema.columns.map(({ name, type }) => [name, parseColumnType(type)] as const);
}

function declaredLine(row: object, columns: readonly Column[], assetKey: string): string {
  const json: Record<string, unknown> = {};
  for (const [name, shape] of columns) setField(json, name, jsonOf(ownField(row, name), shape, assetKey));
  return JSON.stringify(json);
}

interface Place {
  readonly path: string;
  readonly line: number;
  readonly assetKey: string;
}

function declaredRow(text: string, columns: readonly Column[], { path, line, assetKey }: Place): object {
  const json = JSON.parse(text) as Record<string, Json> | null;
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw damaged(path, `line ${line}: it is no object`, assetKey);
  const row: Record<string, unknown> = {};
  for (const [name, shape] of columns) {
    try {
      setField(row, name, valueOf(Object.hasOwn(json, name) ? json[name] : null, shape));
    } catch (error) {
      if (!(error instanceof UnfitText)) throw error;
      throw new IOError(
        "IO.ROW_SCHEMA",
        `Column "${name}" of asset "${assetKey}" is declared ${columnTypeText(shape)}, but ${path} has ${error.message} in line ${line}.`,
        { fix: `Materialize "${assetKey}" again, or declare another type.` },
      );
    }
  }
  return row;
}

/** Lines end with a line feed and with nothing else: JSON may hold other line separators as they are. */
class LineSplitter extends Transform {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor() {
    super({ readableObjectMode: true });
  }

  override _transform(bytes: Buffer, _: BufferEncoding, done: () => void): void {
    const lines = (this.#rest + this.#decoder.write(bytes)).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.push(line);
    done();
  }

  override _flush(done: () => void): void {
    const last = this.#rest + this.#decoder.end();
    if (last !== "") this.push(last);
    done();
  }
}

function damaged(path: string, why: string, assetKey: string, cause?: unknown): IOError {
  return new IOError("IO.CORRUPT", `The stored rows of asset "${assetKey}" cannot be read: ${path} is damaged: ${why}.`, {
    fix: `Materialize "${assetKey}" again, or restore the file.`,
    cause,
  });
}
