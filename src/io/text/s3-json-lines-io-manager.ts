import { IsBoolean } from "class-validator";
import { S3RowsIOManager } from "../rows/s3-rows-io-manager.js";
import { JsonLinesCodec } from "./json-lines-codec.js";
import type { RowCodec } from "../rows/row-codec.js";

/** Keeps the rows of assets as JSON, one row a line (`.jsonl`), in a bucket; see {@link JsonLinesCodec} and {@link S3RowsIOManager}. */
export class S3JsonLinesIOManager extends S3RowsIOManager {
  /** Compresses the files; their names end with `.gz`. */
  @IsBoolean()
  gzip = false;

  override get codec(): RowCodec {
    return new JsonLinesCodec({ gzip: this.gzip });
  }
}
