import { access } from "node:fs/promises";
import type { InputContext, OutputContext } from "../config/io-manager.js";
import { IOManager } from "../config/io-manager.js";
import { MetadataValue } from "../model/metadata.js";
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
import { DuckDBParquetCodec } from "./duckdb-parquet-codec.js";
import type { RowCodec } from "./row-codec.js";
import { inBatches } from "./row-codec.js";

/**
 * Keeps each asset's rows in one Parquet file, `<folder>/<key>.parquet`, each partition in `<folder>/<key>/@<partition>.parquet`, streamed both ways: an asset may return more rows than fit
 * into memory. Published by rename, as {@link FileIOManager} does. Adds the number of rows and the columns to the materialization.
 */
export class FileParquetIOManager extends IOManager<readonly object[] | AsyncIterable<object>> {
  /** Folder of the files. @defaultValue the instance's folder for stored values */
  folder?: string;
  /** How rows become bytes. @defaultValue Parquet with snappy compression, by DuckDB */
  codec: RowCodec = new DuckDBParquetCodec();

  override async store(stored: readonly object[] | AsyncIterable<object>, context: OutputContext): Promise<{ path: string }> {
    const address = this.addressOf(context);
    const path = attemptAddress(address, context.attemptId);
    prepareFolder(path);
    try {
      const { rowCount, columns } = await this.codec.write(inBatches(stored), path, context);
      await flushFile(path, context);
      context.addOutputMetadata({
        "millrace/row_count": MetadataValue.int(rowCount),
        "millrace/column_schema": MetadataValue.tableSchema(columns),
      });
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

  /** The rows one by one, in bounded memory and in their order; can be iterated more than once. */
  override async load(context: InputContext): Promise<AsyncIterable<object>> {
    const path = this.addressOf(context);
    try {
      await access(path);
    } catch (error) {
      if (isMissing(error)) throw neverStored(context, path, error);
      throw error;
    }
    const { codec } = this;
    return {
      async *[Symbol.asyncIterator]() {
        for await (const batch of codec.read(path, context)) yield* batch;
      },
    };
  }

  private addressOf(context: Pick<OutputContext, "assetKey" | "partitionKey" | "storageDir">): string {
    return fixedAddress(this.folder ?? context.storageDir, context, this.codec.extension);
  }
}
