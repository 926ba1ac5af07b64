import type { AssetKey } from "./asset-spec.js";
import type { BackfillPolicy } from "./backfill-policy.js";
import type { PartitionsDefinition } from "./partitions/partitions-definition.js";

/** A selection with a name, and what its runs are given: what is known of a job without its code. */
export interface JobSpec {
  readonly name: string;
  readonly description?: string;
  /** The selection as text. */
  readonly selection: string;
  /** The assets that it selects, sorted. */
  readonly assets: readonly AssetKey[];
  /** Ids of the checks that it selects, sorted. */
  readonly checks: readonly string[];
  /** The definition that all its divided assets share; `null`: none of them is divided. */
  readonly partitions: PartitionsDefinition | null;
  /** How a backfill of it groups partitions; absent: nothing in it is divided. */
  readonly backfillPolicy?: BackfillPolicy;
  /** Tags of its runs. */
  readonly tags: Readonly<Record<string, string>>;
  readonly site?: string;
}
