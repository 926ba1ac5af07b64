import type { Json } from "../base/canonical-json.js";

/** A column of a table, as metadata. */
export interface TableColumn {
  readonly name: string;
  readonly type?: string;
  readonly description?: string;
  readonly constraints?: { readonly nullable?: boolean; readonly unique?: boolean; readonly other?: readonly string[] };
  readonly tags?: Readonly<Record<string, string>>;
}

/** Which columns of which assets each column is made from. */
export type ColumnLineage = Readonly<Record<string, readonly { readonly asset: string; readonly column: string }[]>>;

/** A value that describes an asset or what happened to it, with the kind that tells how to show it. */
export type MetadataValue =
  | { readonly type: "text" | "url" | "path" | "notebook" | "md" | "asset" | "run" | "job"; readonly value: string }
  | { readonly type: "int" | "float" | "timestamp"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "null"; readonly value: null }
  | { readonly type: "json"; readonly value: Json }
  | { readonly type: "table"; readonly value: { readonly records: readonly Json[]; readonly schema?: readonly TableColumn[] } }
  | { readonly type: "table_schema"; readonly value: readonly TableColumn[] }
  | { readonly type: "column_lineage"; readonly value: ColumnLineage }
  | {
      readonly type: "code_references";
      readonly value: readonly { readonly file: string; readonly line?: number; readonly url?: string }[];
    };
