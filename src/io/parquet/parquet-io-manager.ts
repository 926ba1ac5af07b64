import { IsIn } from "class-validator";
import { DuckDBParquetCodec } from "./duckdb-parquet-codec.js";
import { FileRowsIOManager } from "../rows/file-rows-io-manager.js";
import { COMPRESSIONS, type Compression, type RowCodec } from "../rows/row-codec.js";

/** Keeps the rows of assets as Parquet files in a folder; see {@link RowFileIOManager}. */
export class FileParquetIOManager extends FileRowsIOManager {
  /** How rows become bytes. @defaultValue Parquet by DuckDB */
  codec: RowCodec = new DuckDBParquetCodec();

  /** `snappy`, `zstd`, `gzip` or `none`. */
  @IsIn(COMPRESSIONS)
  override compression: Compression = "snappy";
}
