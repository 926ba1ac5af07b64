import { IsBoolean } from "class-validator";
import { FileRowsIOManager } from "../rows/file-rows-io-manager.js";
import { CsvCodec } from "./csv-codec.js";
import type { RowCodec } from "../rows/row-codec.js";

/** Keeps the rows of assets that declare a schema as CSV, in a folder; see {@link CsvCodec} and {@link FileRowsIOManager}. */
export class FileCsvIOManager extends FileRowsIOManager {
  /** Compresses the files; their names end with `.gz`. */
  @IsBoolean()
  gzip = false;

  override get codec(): RowCodec {
    return new CsvCodec({ gzip: this.gzip });
  }
}
