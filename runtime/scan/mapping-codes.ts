import { type CustomMapping, isCustomMapping } from "../../src/model/partition-mapping/custom-mapping.js";
import type { MappingOption } from "../../src/model/partition-mapping/define-mappings.js";
import type { DimensionMapping, PartitionMapping } from "../../src/model/partition-mapping/partition-mapping.js";

/** Gives each mapping of an author's own an id, by which the catalog names it. */
export class MappingCodes {
  readonly byId = new Map<string, CustomMapping>();
  readonly #ids = new Map<CustomMapping, string>();

  /** A mapping as the catalog holds it. */
  dataOf(mapping: MappingOption): PartitionMapping {
    if (isCustomMapping(mapping)) return { kind: "custom", id: this.#idOf(mapping) };
    if (mapping.kind !== "multi") return mapping;
    const dimensions: Record<string, DimensionMapping> = {};
    for (const [name, { dimension, mapping: inner }] of Object.entries(mapping.dimensions))
      dimensions[name] = { dimension, mapping: this.dataOf(inner) };
    return { kind: "multi", dimensions };
  }

  /** The name of its class; further instances and classes of that name are numbered in the order of the scan. */
  #idOf(mapping: CustomMapping): string {
    const known = this.#ids.get(mapping);
    if (known !== undefined) return known;
    const name = mapping.constructor.name || "CustomMapping";
    let id = name;
    for (let count = 2; this.byId.has(id); count++) id = `${name}#${count}`;
    this.#ids.set(mapping, id);
    this.byId.set(id, mapping);
    return id;
  }
}
