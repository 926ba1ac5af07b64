import { IsBoolean } from "class-validator";
import { FileRowsIOManager } from "../rows/file-rows-io-manager.js";
import { JsonLinesCodec } from "./json-lines-codec.js";
import type { RowCodec } from "../rows/row-codec.js";

/** Keeps the rows of assets as JSON, one row a line (`.jsonl`), in a folder; see {@link JsonLinesCodec} and {@link FileRowsIOManager}. */
export class FileJsonLinesIOManager extends FileRowsIOManager {
  /** Compresses the files; their names end with `.gz`. */
  @IsBoolean()
  gzip = false;

  override get codec(): RowCodec {
    return new JsonLinesCodec({ gzip: this.gzip });
  }
}
