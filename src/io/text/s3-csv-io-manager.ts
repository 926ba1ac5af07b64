import { IsBoolean } from "class-validator";
import { S3RowsIOManager } from "../rows/s3-rows-io-manager.js";
import { CsvCodec } from "./csv-codec.js";
import type { RowCodec } from "../rows/row-codec.js";

/** Keeps the rows of assets that declare a schema as CSV, in a bucket; see {@link CsvCodec} and {@link S3RowsIOManager}. */
export class S3CsvIOManager extends S3RowsIOManager {
  /** Compresses the files; their names end with `.gz`. */
  @IsBoolean()
  gzip = false;

  override get codec(): RowCodec {
    return new CsvCodec({ gzip: this.gzip });
  }
}
