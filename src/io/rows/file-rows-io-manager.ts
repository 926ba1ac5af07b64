import type { FilePlace } from "../places/file-place.js";
import { LocalPlace } from "../places/local-place.js";
import { RowFileIOManager } from "./row-file-io-manager.js";

/** Keeps rows as files in a folder; see {@link LocalPlace}. */
export abstract class FileRowsIOManager extends RowFileIOManager {
  /** Folder of the files. @defaultValue the instance's folder for stored values */
  folder?: string;

  protected override placeFor({ storageDir }: { readonly storageDir: string }): FilePlace {
    return new LocalPlace(this.folder ?? storageDir, this.codec.extension);
  }
}
