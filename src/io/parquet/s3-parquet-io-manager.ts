import { IsIn } from "class-validator";
import { DuckDBParquetCodec } from "./duckdb-parquet-codec.js";
import { COMPRESSIONS, type Compression, type RowCodec } from "../rows/row-codec.js";
import { S3RowsIOManager } from "../rows/s3-rows-io-manager.js";

/**
 * Keeps the rows of assets as Parquet objects in a bucket; see {@link RowFileIOManager}.
 * @example
 * ```ts
 * io: S3ParquetIOManager.with({ bucket: env("S3_BUCKET"), endpoint: env("S3_ENDPOINT_URL", "") }) // credentials from AWS_*
 * ```
 */
export class S3ParquetIOManager extends S3RowsIOManager {
  /** How rows become bytes. @defaultValue Parquet by DuckDB */
  codec: RowCodec = new DuckDBParquetCodec();

  /** `snappy`, `zstd`, `gzip` or `none`. */
  @IsIn(COMPRESSIONS)
  override compression: Compression = "snappy";
}
