/** Which partitions of an upstream each partition of a downstream needs. Plain data, as the catalog holds it. */
export type PartitionMapping =
  | { readonly kind: "identity" }
  | { readonly kind: "all" }
  | { readonly kind: "last" }
  | { readonly kind: "specific"; readonly keys: readonly string[] }
  /** Upstream key to the downstream key, or keys, that need it. */
  | { readonly kind: "static"; readonly map: Readonly<Record<string, string | readonly string[]>> }
  | TimeWindowMapping
  | { readonly kind: "latest-time-window" }
  /** Between several dimensions and one of them; without a name: the one that fits. */
  | { readonly kind: "multi-to-single"; readonly dimension?: string }
  /** Dimension by dimension, by the upstream's names; a dimension that is not named maps to all keys. */
  | { readonly kind: "multi"; readonly dimensions: Readonly<Record<string, DimensionMapping>> }
  /** An author's own; the code stands in the bindings under this id. */
  | { readonly kind: "custom"; readonly id: string };

/**
 * Every upstream window that overlaps the downstream's, whose start and end are first moved by so many of the downstream's own windows.
 * An offset never reaches past the first or the last upstream window that exists.
 */
export interface TimeWindowMapping {
  readonly kind: "time-window";
  /** Default 0. */
  readonly startOffset?: number;
  /** Default 0. */
  readonly endOffset?: number;
  /** Upstream windows that do not exist are not needed. Default false. */
  readonly allowNonexistentUpstream?: boolean;
}

/** How one dimension of the upstream maps to one of the downstream. */
export interface DimensionMapping {
  /** The downstream's dimension. */
  readonly dimension: string;
  readonly mapping: PartitionMapping;
}
