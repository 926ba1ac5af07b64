import type { AssetKey } from "../../src/model/asset-spec.js";
import type { MetadataValue, TableColumn } from "../../src/model/metadata-value.js";
import { columnChanges, type ColumnChange } from "../../src/model/schema-change.js";
import type { RunStore } from "../../src/storage/run-store.js";

/** Under this name a materialization tells its columns. */
export const COLUMN_SCHEMA = "millrace/column_schema";

/** How the columns of a materialization are to those of the last one; `first`: there was none that told them. */
export type SchemaComparison = "first" | readonly ColumnChange[];

/** The columns that materializations tell, one after another. */
export class RecordedSchemas {
  readonly #store: Pick<RunStore, "latestMaterializations">;
  /** What this attempt itself told last; it is not in the store yet. */
  readonly #told = new Map<AssetKey, readonly TableColumn[]>();

  constructor(store: Pick<RunStore, "latestMaterializations">) {
    this.#store = store;
  }

  /** `undefined`: this materialization tells no columns. */
  async compare(key: AssetKey, metadata: Readonly<Record<string, MetadataValue>>): Promise<SchemaComparison | undefined> {
    const columns = columnsIn(metadata);
    if (!columns) return undefined;
    const before = this.#told.get(key) ?? (await this.#stored(key));
    this.#told.set(key, columns);
    return before ? columnChanges(before, columns) : "first";
  }

  async #stored(key: AssetKey): Promise<readonly TableColumn[] | undefined> {
    const [latest] = await this.#store.latestMaterializations([key]);
    return columnsIn(latest?.materialization?.payload?.metadata ?? {});
  }
}

function columnsIn(metadata: Readonly<Record<string, MetadataValue>>): readonly TableColumn[] | undefined {
  const told = metadata[COLUMN_SCHEMA];
  return told?.type === "table_schema" ? told.value : undefined;
}
