import type { Table } from "apache-arrow";
import type { InputContext, OutputContext } from "../../config/io-manager.js";
import { IOManager } from "../../config/io-manager.js";
import { isRelation, type Relation } from "../../duckdb/relation.js";
import type { FormName } from "../../model/form.js";
import type { FilePlace, PlacedFile } from "../places/file-place.js";
import { parquetRelation } from "../parquet/parquet-relation.js";
import { Preview, rowsMetadata } from "./rows-metadata.js";
import type { Compression, RowCodec, WrittenRows } from "./row-codec.js";
import { noRows, rowsOf, schemaOf } from "./row-forms.js";
import { RowStream } from "../../model/row-stream.js";

/** What an asset of rows may return. */
export type Rows = readonly object[] | AsyncIterable<object> | Table | Relation<object>;

/**
 * Keeps each asset's rows, and each partition's, in a file of its own, streamed both ways: an asset may return more rows than fit into memory,
 * and loads them one by one, in their order, as often as it is iterated; only the columns and rows that the input wants. The materialization tells the
 * number of rows, the bytes, the columns, the first rows and where they lie.
 */
export abstract class RowFileIOManager extends IOManager<Rows> {
  /** How rows become bytes. */
  abstract codec: RowCodec;

  /** Where the files lie. */
  protected abstract placeFor(context: { readonly storageDir: string }): FilePlace;

  /** How the bytes are made smaller; absent: as the codec does by itself. */
  compression?: Compression;

  override get loads(): readonly FormName[] {
    return this.#keepsTypes ? ["stream", "batches", "arrowTable", "relation"] : ["stream"];
  }

  override get pushesDown(): boolean {
    return true;
  }

  override async store(stored: Rows, context: OutputContext): Promise<{ path: string }> {
    const place = this.placeFor(context);
    const batches = rowsOf(stored);
    if (!batches) throw noRows(stored, context.assetKey, this);
    const { assetKey, signal } = context;
    const { compression, codec } = this;
    const copy = isRelation(stored) && !context.schema ? codec.copy?.bind(codec) : undefined;
    const schema = this.#keepsTypes && !copy ? await schemaOf(stored, context.schema) : context.schema;
    const preview = new Preview();
    let written: WrittenRows | undefined;
    const { sizeBytes } = await place.store(context, async (path) => {
      const told = { assetKey, signal, ...(schema && { schema }), ...(compression && { compression }) };
      written = await (copy ? copy(stored as Relation<object>, path, told, preview) : codec.write(preview.of(batches()), path, told));
    });
    const path = place.addressOf(context);
    if (written) context.addOutputMetadata(rowsMetadata({ ...written, preview, path, sizeBytes }));
    return { path };
  }

  /** Whether a file tells the types of its columns. */
  get #keepsTypes(): boolean {
    return this.codec.extension === "parquet";
  }

  override async publish(context: OutputContext): Promise<void> {
    await this.placeFor(context).publish(context);
  }

  override async discard(context: OutputContext): Promise<void> {
    await this.placeFor(context).discard(context);
  }

  override async load(context: InputContext): Promise<unknown> {
    const file = await this.placeFor(context).find(context);
    switch (context.form) {
      case "relation":
        return parquetRelation(file, context).take(context);
      case "batches":
        return parquetRelation(file, context).take(context).batches();
      case "arrowTable":
        return parquetRelation(file, context).take(context).toArrow();
      default:
        return new RowStream(() => this.batchesOf(file, context));
    }
  }

  private async *batchesOf(file: PlacedFile, context: InputContext): AsyncGenerator<object[]> {
    const { assetKey, signal, columns, where, schema } = context;
    const { path, close } = await file.open();
    try {
      const wanted = { ...(columns && { columns }), ...(where && { where }), ...(schema && { schema }) };
      yield* this.codec.read(path, { assetKey, signal, address: file.address, ...wanted });
    } finally {
      await close();
    }
  }
}
