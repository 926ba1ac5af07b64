import type { PartitionSpace } from "../partitions/partition-space.js";

const CUSTOM_MAPPING = Symbol.for("millrace/custom-mapping");

/** The partitions of both sides that exist when a mapping is asked. */
export interface MappedSpaces {
  readonly upstream: PartitionSpace;
  readonly downstream: PartitionSpace;
}

/**
 * A mapping of your own, e.g. by a calendar of business days: two pure functions of a key. Give an instance of it as `mapping`.
 * `millrace check` tries keys at random for whether the two tell the same.
 */
export abstract class CustomMapping {
  /** Recognised across copies of the package. */
  readonly [CUSTOM_MAPPING] = true;
  /**
   * Whether the two methods tell the same: a key is in `downstreamOf(u)` exactly when `u` is in `upstreamOf` of that key. `false`: `downstreamOf` may
   * name more than need it, so that more is held stale than is.
   * @defaultValue true
   */
  readonly inverse: boolean = true;
  /** Keys of the upstream that this downstream partition needs; one that does not exist is reported as missing. */
  abstract upstreamOf(downstreamKey: string, spaces: MappedSpaces): Iterable<string>;
  /** Keys of the downstream that need this upstream partition; one that does not exist is passed over. */
  abstract downstreamOf(upstreamKey: string, spaces: MappedSpaces): Iterable<string>;
}

/** Whether a thing is a mapping of an author's own, of this copy of the package or of another. */
export function isCustomMapping(thing: unknown): thing is CustomMapping {
  return typeof thing === "object" && thing !== null && (thing as { [CUSTOM_MAPPING]?: unknown })[CUSTOM_MAPPING] === true;
}
