import { access } from "node:fs/promises";
import type { InputContext, OutputContext } from "../config/io-manager.js";
import { MetadataValue } from "../model/metadata.js";
import { AttemptFileIOManager } from "./attempt-file-io-manager.js";
import { DuckDBParquetCodec } from "./duckdb-parquet-codec.js";
import type { RowCodec } from "./row-codec.js";
import { inBatches } from "./row-codec.js";
import { RowStream } from "../model/row-stream.js";

type Rows = readonly object[] | AsyncIterable<object>;

/**
 * Keeps each asset's rows, and each partition's, in a Parquet file of its own, streamed both ways: an asset may return more rows than fit into memory,
 * and loads them one by one, in their order, as often as it is iterated. Adds the number of rows and the columns to the materialization.
 */
export class FileParquetIOManager extends AttemptFileIOManager<Rows, AsyncIterable<object>> {
  /** How rows become bytes. @defaultValue Parquet with snappy compression, by DuckDB */
  codec: RowCodec = new DuckDBParquetCodec();

  protected override async write(stored: Rows, path: string, context: OutputContext): Promise<void> {
    const { rowCount, columns } = await this.codec.write(inBatches(stored), path, context);
    context.addOutputMetadata({
      "millrace/row_count": MetadataValue.int(rowCount),
      "millrace/column_schema": MetadataValue.tableSchema(columns),
    });
  }

  protected override async read(path: string, context: InputContext): Promise<AsyncIterable<object>> {
    await access(path);
    const { codec } = this;
    return new RowStream(() => codec.read(path, context));
  }
}
