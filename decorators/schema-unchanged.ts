import type { DeclaredCheck } from "./declarations/parse-options.js";

/** What the check `schemaUnchanged()` looks for. */
export interface SchemaUnchangedOptions {
  /** @defaultValue `schema_unchanged` */
  readonly name?: string;
  /** Columns may be added. @defaultValue false */
  readonly allowAdded?: boolean;
  /** @defaultValue ERROR */
  readonly severity?: "ERROR" | "WARN";
  /** A failure keeps the downstream from starting in the same run. @defaultValue false */
  readonly blocking?: boolean;
}

/** A check that fails when the asset's columns are not those of its last materialization; list it in the asset's `checks`. */
export function schemaUnchanged(options: SchemaUnchangedOptions = {}): DeclaredCheck {
  const { name = "schema_unchanged", allowAdded = false, severity = "ERROR", blocking = false } = options;
  return { name, blocking, description: "The columns are those of the last materialization.", watches: { allowAdded, severity } };
}
