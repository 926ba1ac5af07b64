import type { Table } from "apache-arrow";
import type { InputContext, OutputContext } from "../config/io-manager.js";
import { IOManager } from "../config/io-manager.js";
import type { Relation } from "../duckdb/relation.js";
import { MetadataValue } from "../model/metadata.js";
import type { FilePlace, PlacedFile } from "./file-place.js";
import type { RowCodec } from "./row-codec.js";
import { noRows, rowsOf } from "./row-forms.js";
import { RowStream } from "../model/row-stream.js";

/** What an asset of rows may return. */
export type Rows = readonly object[] | AsyncIterable<object> | Table | Relation<object>;

/**
 * Keeps each asset's rows, and each partition's, in a file of its own, streamed both ways: an asset may return more rows than fit into memory,
 * and loads them one by one, in their order, as often as it is iterated. Adds the number of rows and the columns to the materialization.
 */
export abstract class RowFileIOManager extends IOManager<Rows> {
  /** How rows become bytes. */
  abstract codec: RowCodec;

  /** Where the files lie. */
  protected abstract placeFor(context: { readonly storageDir: string }): FilePlace;

  override async store(stored: Rows, context: OutputContext): Promise<{ path: string }> {
    const place = this.placeFor(context);
    const batches = rowsOf(stored);
    if (!batches) throw noRows(stored, context.assetKey, this);
    await place.store(context, async (path) => {
      const { rowCount, columns } = await this.codec.write(batches(), path, context);
      context.addOutputMetadata({
        "millrace/row_count": MetadataValue.int(rowCount),
        "millrace/column_schema": MetadataValue.tableSchema(columns),
      });
    });
    return { path: place.addressOf(context) };
  }

  override async publish(context: OutputContext): Promise<void> {
    await this.placeFor(context).publish(context);
  }

  override async discard(context: OutputContext): Promise<void> {
    await this.placeFor(context).discard(context);
  }

  override async load(context: InputContext): Promise<AsyncIterable<object>> {
    const file = await this.placeFor(context).find(context);
    return new RowStream(() => this.batchesOf(file, context));
  }

  private async *batchesOf(file: PlacedFile, context: InputContext): AsyncGenerator<object[]> {
    const { path, close } = await file.open();
    try {
      yield* this.codec.read(path, context);
    } finally {
      await close();
    }
  }
}
