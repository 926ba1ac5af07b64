import { MetadataValue } from "../../model/metadata.js";
import type { WrittenRows } from "./row-codec.js";

/** How many rows a look at what was stored has. */
export const PREVIEW_ROWS = 5;

/** The first rows of those that go by, for a look at what was stored. */
export class Preview {
  /** At most five. */
  readonly rows: object[] = [];

  /** The same batches, whose first rows are kept as they are taken. */
  async *of(batches: AsyncIterable<readonly object[]>): AsyncGenerator<readonly object[]> {
    for await (const batch of batches) {
      if (this.rows.length < PREVIEW_ROWS) this.rows.push(...batch.slice(0, PREVIEW_ROWS - this.rows.length));
      yield batch;
    }
  }
}

/** Where rows were stored, and how large it became. */
export interface StoredRows extends WrittenRows {
  readonly preview: Preview;
  /** Where they lie: a path, a URL, or the name of a table. */
  readonly path: string;
  /** Absent: it is not known. */
  readonly sizeBytes?: number;
}

/** What every IO manager of rows tells of a materialization. */
export function rowsMetadata({ rowCount, columns, preview, path, sizeBytes }: StoredRows): Record<string, MetadataValue> {
  return {
    "millrace/row_count": MetadataValue.int(rowCount),
    ...(sizeBytes === undefined ? {} : { "millrace/bytes": MetadataValue.int(sizeBytes) }),
    "millrace/column_schema": MetadataValue.tableSchema(columns),
    "millrace/preview": MetadataValue.table(preview.rows, columns),
    "millrace/path": MetadataValue.path(path),
  };
}
