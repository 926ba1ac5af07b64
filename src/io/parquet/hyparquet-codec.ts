import { gzipSync } from "node:zlib";
import type { SchemaElement } from "hyparquet";
import { isMillraceError } from "../../base/errors.js";
import { isMissing } from "../places/attempt-file.js";
import { cutRows } from "../rows/cut-rows.js";
import { damagedRows } from "../rows/damaged-rows.js";
import { compressionName, flatColumnsOf, FlatRows, restoredRow, type FlatColumn, type FlatKind } from "./flat-columns.js";
import type { RowCodec, RowReadContext, RowWriteContext, WrittenRows } from "../rows/row-codec.js";
import { STORED_KEY, storedText } from "../rows/stored-columns.js";
import { MalformedBytes } from "./thrift-compact.js";

/**
 * Rows as a Parquet file, by hyparquet: JavaScript alone, 2 MB. Keeps text, booleans, numbers, bigints, dates, moments, bytes and JSON; compresses with
 * snappy, gzip or not at all. Rows whose columns are not declared are held in memory until the last.
 */
export class HyparquetCodec implements RowCodec {
  readonly extension = "parquet";

  async write(
    batches: AsyncIterable<readonly object[]> | Iterable<readonly object[]>,
    path: string,
    context: RowWriteContext,
  ): Promise<WrittenRows> {
    const { ParquetWriter, fileWriter } = require("hyparquet-writer") as typeof import("hyparquet-writer");
    const rows = new FlatRows("HyparquetCodec", context);
    const writer = fileWriter(path);
    const open = () =>
      new ParquetWriter({
        writer,
        schema: [{ name: "root", num_children: Math.max(rows.columns.length, 1) }, ...schemaOf(rows.columns)],
        codec: compressionName(context.compression ?? "snappy", "HyparquetCodec"),
        compressors: { GZIP: (bytes) => gzipSync(bytes) },
        kvMetadata: [{ key: STORED_KEY, value: storedText(rows.stored) }],
      });
    let file: ReturnType<typeof open> | undefined;
    for await (const { columns, values, rowCount } of rows.groups(batches)) {
      file ??= open();
      const given = columns.length === 0 ? [{ name: NO_COLUMNS, data: new Array<null>(rowCount).fill(null) }] : [];
      // A BOOLEAN column must be PLAIN: what this writer packs by itself, parquetjs reads as false without an error.
      const columnData = columns.map(({ name, kind }, index) => ({
        name,
        data: values[index] ?? [],
        ...(kind === "boolean" ? { encoding: "PLAIN" as const } : {}),
      }));
      await file.write({ columnData: [...columnData, ...given], rowGroupSize: rowCount });
    }
    file ??= open();
    await file.finish();
    return rows.written;
  }

  read(path: string, context: RowReadContext): AsyncIterable<object[]> {
    const all = (): AsyncIterable<object[]> => readWhole(path, context);
    if (context.columns === undefined && context.where === undefined) return all();
    return cutRows(all, context, context.assetKey).batches() as AsyncIterable<object[]>;
  }
}

async function* readWhole(path: string, context: RowReadContext): AsyncGenerator<object[]> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = require("hyparquet") as typeof import("hyparquet");
  const { compressors } = require("hyparquet-compressors") as typeof import("hyparquet-compressors");
  try {
    const stored = await flatColumnsOf(path, "HyparquetCodec", context.assetKey);
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    let rowStart = 0;
    for (const { num_rows } of metadata.row_groups) {
      context.signal?.throwIfAborted();
      const rowEnd = rowStart + Number(num_rows);
      const rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd, utf8: false, compressors });
      if (rows.length > 0) yield stored ? rows.map((row) => restoredRow(row, stored)) : (rows.map(withNulls) as object[]);
      rowStart = rowEnd;
    }
  } catch (error) {
    if (context.signal?.aborted || isMissing(error) || (isMillraceError(error) && !(error instanceof MalformedBytes))) throw error;
    throw damagedRows(context, path, error);
  }
}

/** The value with null wherever the library leaves a field of a struct or an item of a list undefined. */
function withNulls(value: unknown): unknown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(withNulls);
  if (typeof value !== "object" || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withNulls(item)]));
}

const NO_COLUMNS = "no_columns";

function schemaOf(columns: readonly FlatColumn[]): SchemaElement[] {
  const elements = columns.map(({ name, kind }) => ({ name, repetition_type: "OPTIONAL" as const, ...TYPES[kind] }));
  return elements.length > 0 ? elements : [{ name: NO_COLUMNS, repetition_type: "OPTIONAL", ...TYPES.string }];
}

const TEXT: Partial<SchemaElement> = { type: "BYTE_ARRAY", converted_type: "UTF8" };
const moment = (isAdjustedToUTC: boolean): Partial<SchemaElement> => ({
  type: "INT64",
  logical_type: { type: "TIMESTAMP", isAdjustedToUTC, unit: "MICROS" },
  ...(isAdjustedToUTC ? { converted_type: "TIMESTAMP_MICROS" } : {}),
});
const TYPES: Readonly<Record<FlatKind, Partial<SchemaElement>>> = {
  string: TEXT,
  json: TEXT,
  bigtext: TEXT,
  boolean: { type: "BOOLEAN" },
  int32: { type: "INT32" },
  int64: { type: "INT64" },
  bigint: { type: "INT64" },
  float64: { type: "DOUBLE" },
  date: { type: "INT32", converted_type: "DATE" },
  timestamp: moment(false),
  timestamptz: moment(true),
  bytes: { type: "BYTE_ARRAY" },
};
