import { IOError, messageOf } from "../../base/errors.js";
import { columnTypeText, parseColumnType, type ColumnShape } from "../../model/column-type.js";
import { tableColumnsOf, type RowSchema } from "../../model/row-schema.js";
import { textOf, UnfitText, valueOfText } from "../rows/column-text.js";
import { isMissing } from "../places/attempt-file.js";
import { cutRows, unknownColumn } from "../rows/cut-rows.js";
import { ownField, setField } from "../rows/row-fields.js";
import { BATCH_ROWS, type RowCodec, type RowReadContext, type RowWriteContext, type WrittenRows } from "../rows/row-codec.js";
import { readText, writeText } from "./text-file.js";

/**
 * Rows as CSV by RFC 4180 (a line of names, CRLF, quotes where needed), with the types of a declared schema: null is an empty field, the empty text
 * is `""`; decimals, dates and times are as they are, moments in ISO form, bytes in base64, lists and structs JSON.
 */
export class CsvCodec implements RowCodec {
  readonly extension: string;

  constructor(private readonly options: { readonly gzip?: boolean } = {}) {
    this.extension = options.gzip ? "csv.gz" : "csv";
  }

  async write(
    batches: AsyncIterable<readonly object[]> | Iterable<readonly object[]>,
    path: string,
    context: RowWriteContext,
  ): Promise<WrittenRows> {
    const schema = declared(context);
    const columns = schema.columns.map(({ name, type }) => [name, parseColumnType(type)] as const);
    let rowCount = 0;
    async function* texts(): AsyncGenerator<string> {
      yield csvText([columns.map(([name]) => name)]);
      for await (const batch of batches) {
        rowCount += batch.length;
        yield csvText(batch.map((row) => columns.map(([name, shape]) => textOf(ownField(row, name), shape, context.assetKey))));
      }
    }
    await writeText(texts(), path, { gzip: this.options.gzip ?? false, signal: context.signal });
    return { rowCount, columns: tableColumnsOf(schema) };
  }

  read(path: string, context: RowReadContext): AsyncIterable<object[]> {
    const all = (): AsyncIterable<object[]> => this.readWhole(path, context);
    if (context.columns === undefined && context.where === undefined) return all();
    return cutRows(all, context, context.assetKey).batches() as AsyncIterable<object[]>;
  }

  private async *readWhole(path: string, context: RowReadContext): AsyncGenerator<object[]> {
    const schema = declared(context);
    let fields: readonly Field[] | undefined;
    let batch: object[] = [];
    try {
      for await (const { record, info } of records(path, this.options.gzip ?? false)) {
        if (!fields) {
          fields = fieldsOf(record, schema, context);
          continue;
        }
        batch.push(rowOf(record, fields, { path, line: info.lines, assetKey: context.assetKey }));
        if (batch.length < BATCH_ROWS) continue;
        context.signal?.throwIfAborted();
        yield batch;
        batch = [];
      }
      if (!fields) throw damaged(path, "its first line, which names the columns, is missing", context.assetKey);
    } catch (error) {
      if (error instanceof IOError || isMissing(error) || context.signal?.aborted) throw error;
      throw damaged(path, messageOf(error), context.assetKey, error);
    }
    if (batch.length > 0) yield batch;
  }
}

/** A declared column, and where its text stands in a record. */
type Field = readonly [name: string, shape: ColumnShape, place: number];

interface CsvRecord {
  /** Null: an empty field without quotes. */
  readonly record: readonly (string | null)[];
  readonly info: { readonly lines: number };
}

function records(path: string, gzip: boolean): AsyncIterable<CsvRecord> {
  const { parse } = require("csv-parse") as typeof import("csv-parse");
  const parser = parse({
    bom: true,
    info: true,
    record_delimiter: ["\r\n", "\n"],
    cast: (text, { quoting }) => (text === "" && !quoting ? null : text),
  });
  return readText(path, gzip, parser) as AsyncIterable<CsvRecord>;
}

function csvText(rows: readonly (readonly (string | null)[])[]): string {
  const { stringify } = require("csv-stringify/sync") as typeof import("csv-stringify/sync");
  return stringify(rows as (string | null)[][], {
    record_delimiter: "\r\n",
    quoted_match: /[\r\n]|^\uFEFF/,
    cast: { string: (text) => (text === "" ? { value: "", quoted_empty: true } : text) },
  });
}

function fieldsOf(head: readonly (string | null)[], schema: RowSchema, { assetKey }: RowReadContext): Field[] {
  return schema.columns.map(({ name, type }) => {
    const place = head.indexOf(name);
    if (place < 0) throw unknownColumn(name, head.map(String), assetKey);
    return [name, parseColumnType(type), place] as const;
  });
}

interface Place {
  readonly path: string;
  readonly line: number;
  readonly assetKey: string;
}

function rowOf(record: readonly (string | null)[], fields: readonly Field[], { path, line, assetKey }: Place): object {
  const row: Record<string, unknown> = {};
  for (const [name, shape, place] of fields) {
    try {
      setField(row, name, valueOfText(record[place] ?? null, shape));
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

function declared({ schema, assetKey }: Pick<RowWriteContext, "schema" | "assetKey">): RowSchema {
  if (schema) return schema;
  throw new IOError("IO.SCHEMA_NEEDED", `Asset "${assetKey}" is kept as CSV, which has no types, but it declares no schema.`, {
    fix: 'Declare it: @Asset({ schema: rowSchema({ id: "int64", note: "string?" }) }), or keep it as Parquet or JSON lines.',
  });
}

function damaged(path: string, why: string, assetKey: string, cause?: unknown): IOError {
  return new IOError("IO.CORRUPT", `The stored rows of asset "${assetKey}" cannot be read: ${path} is damaged: ${why}.`, {
    fix: `Materialize "${assetKey}" again, or restore the file.`,
    cause,
  });
}
