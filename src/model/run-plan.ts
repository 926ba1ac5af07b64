import type { AssetKey, EdgeWhen } from "./asset-spec.js";
import type { PartitionsDefinition } from "./partitions/partitions-definition.js";

/** The partitions of a run: the same for every asset of it that is divided, by one definition. The others run once. */
export interface RunPartitions {
  readonly definition: PartitionsDefinition;
  /** First and last key of each range, both included; a single partition is a range of one. */
  readonly ranges: readonly (readonly [first: string, last: string])[];
}

/** A dependency of one step on another, through one asset or check. */
export interface StepEdge {
  /** Key of the upstream step. */
  readonly step: string;
  /** The asset of the upstream step that is needed; absent: the step as a whole (a blocking check). */
  readonly asset?: AssetKey;
  readonly when: EdgeWhen;
}

/** One step of a run: a computation, or the part of it that is wanted here. */
export interface PlannedStep {
  /** The assets (or, for a step of checks alone, the check ids), sorted and joined by `+`. */
  readonly key: string;
  readonly unit: string;
  /** In the order in which the computation goes through them. */
  readonly assets: readonly AssetKey[];
  /** Check ids. */
  readonly checks: readonly string[];
  readonly after: readonly StepEdge[];
}

/** What a run will do, in an order in which each step comes after those that it waits for. */
export interface RunPlan {
  readonly steps: readonly PlannedStep[];
  /** Absent: no asset of the run is divided. */
  readonly partitions?: RunPartitions;
}
