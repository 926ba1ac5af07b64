import { InternalError } from "../../base/errors.js";
import type { CustomMapping } from "./custom-mapping.js";
import type { DimensionMapping, PartitionMapping } from "./partition-mapping.js";

/** A mapping with the code of those of an author's own beside their ids: what can be put to work where the code is loaded. */
export type BoundMapping =
  | Exclude<PartitionMapping, { kind: "multi" | "custom" }>
  | { readonly kind: "custom"; readonly id: string; readonly code: CustomMapping }
  | { readonly kind: "multi"; readonly dimensions: Readonly<Record<string, BoundDimension>> };

/** The mapping of one dimension, with its code. */
export interface BoundDimension extends Omit<DimensionMapping, "mapping"> {
  readonly mapping: BoundMapping;
}

/** @throws {@link InternalError} for an id without code */
export function bindMapping(mapping: PartitionMapping, codes: ReadonlyMap<string, CustomMapping>): BoundMapping {
  if (mapping.kind === "custom") {
    const code = codes.get(mapping.id);
    if (code) return { ...mapping, code };
    throw new InternalError(`The mapping ${mapping.id} is mapped without its code.`);
  }
  if (mapping.kind !== "multi") return mapping;
  const dimensions = Object.entries(mapping.dimensions).map(([name, { dimension, mapping: inner }]): [string, BoundDimension] => [
    name,
    { dimension, mapping: bindMapping(inner, codes) },
  ]);
  return { kind: "multi", dimensions: Object.fromEntries(dimensions) };
}
