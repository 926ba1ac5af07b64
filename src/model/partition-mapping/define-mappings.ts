import { DefinitionError } from "../../base/errors.js";
import type { CustomMapping } from "./custom-mapping.js";
import type { PartitionMapping, TimeWindowMapping } from "./partition-mapping.js";

/** Which partitions of an upstream are needed: what one of the functions of this file gave, or an instance of a {@link CustomMapping}. */
export type MappingOption = Exclude<PartitionMapping, { kind: "multi" | "custom" }> | MultiMapping | CustomMapping;

/** A mapping for each dimension of the upstream. */
export interface MultiMapping {
  readonly kind: "multi";
  readonly dimensions: Readonly<Record<string, { readonly dimension: string; readonly mapping: MappingOption }>>;
}

/** The partition with the same key. */
export function identityMapping(): MappingOption {
  return { kind: "identity" };
}

/** Every partition of the upstream. */
export function allPartitions(): MappingOption {
  return { kind: "all" };
}

/** The last partition of the upstream. */
export function lastPartition(): MappingOption {
  return { kind: "last" };
}

/** These partitions of the upstream, for every partition. @throws {@link DefinitionError} when no key is given */
export function specificPartitions(keys: readonly string[]): MappingOption {
  if (keys.length === 0) throw refused("specificPartitions is given no key.", "Name the upstream's partitions that are needed.");
  return { kind: "specific", keys: [...new Set(keys)] };
}

/** Upstream key to the downstream key (or keys) that need it; for static partitions on both sides. */
export function staticMapping(map: Readonly<Record<string, string | readonly string[]>>): MappingOption {
  return { kind: "static", map: { ...map } };
}

/**
 * The upstream windows that overlap the downstream's, with its start and end moved by so many of its own windows:
 * `timeWindowMapping({ startOffset: -6 })` is this window and the six before it.
 * @throws {@link DefinitionError} for an offset that is no whole number, or a start after the end
 */
export function timeWindowMapping(options: Omit<TimeWindowMapping, "kind"> = {}): MappingOption {
  const { startOffset = 0, endOffset = 0, allowNonexistentUpstream = false } = options;
  for (const [name, given] of Object.entries({ startOffset, endOffset }))
    if (!Number.isInteger(given)) throw refused(`${name} is ${String(given)}, not a whole number of windows.`, "Give a whole number.");
  if (startOffset > endOffset)
    throw refused(
      `The mapping starts after it ends: startOffset is ${startOffset}, endOffset ${endOffset}.`,
      "Give a startOffset that is at most endOffset; both are 0 by default.",
    );
  return { kind: "time-window", startOffset, endOffset, allowNonexistentUpstream };
}

/** The window so many before (`offset(-1)`: the one before) or after; the way to an asset's own earlier value. */
export function offset(windows: number): MappingOption {
  if (!Number.isInteger(windows)) throw refused(`offset(${String(windows)}) is no whole number of windows.`, "Give a whole number.");
  return timeWindowMapping({ startOffset: windows, endOffset: windows });
}

/** The last upstream window that overlaps the downstream's. */
export function latestTimeWindow(): MappingOption {
  return { kind: "latest-time-window" };
}

/** Between partitions of several dimensions and of one. @param options.dimension - which; by default the only one that fits */
export function multiToSingle(options: { readonly dimension?: string } = {}): MappingOption {
  return { kind: "multi-to-single", ...(options.dimension === undefined ? {} : { dimension: options.dimension }) };
}

/**
 * A mapping for each dimension of the upstream, by its name: `multiMapping({ day: offset(-1), region: identityMapping() })`.
 * `{ dimension, mapping }` leads to a downstream dimension of another name. A dimension that is not named maps to all its keys.
 */
export function multiMapping(
  dimensions: Readonly<Record<string, MappingOption | { readonly dimension: string; readonly mapping: MappingOption }>>,
): MappingOption {
  const named = Object.entries(dimensions).map(([name, given]) => [
    name,
    "mapping" in given ? { dimension: given.dimension, mapping: given.mapping } : { dimension: name, mapping: given },
  ]);
  return { kind: "multi", dimensions: Object.fromEntries(named) as MultiMapping["dimensions"] };
}

function refused(message: string, fix: string): DefinitionError {
  return new DefinitionError("DEFINITION.MAPPING_OPTION", message, { fix });
}
