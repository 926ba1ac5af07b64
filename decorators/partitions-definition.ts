import type { PartitionsKind } from "../src/model/asset-spec.js";

/** How an asset is divided. Only the kind is recorded. */
export interface PartitionsDefinition {
  readonly kind: "partitions";
  readonly partitions: NonNullable<PartitionsKind>;
}
