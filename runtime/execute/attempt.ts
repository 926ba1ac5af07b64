import type { AssetKey, AssetSpec, CheckSpec, UnitSpec } from "../../src/model/asset-spec.js";
import type { FormName } from "../../src/model/form.js";
import type { StepLog } from "../../src/model/contexts.js";
import type { NewEvent } from "../../src/model/event.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";
import type { IndexSet } from "../../src/model/partitions/index-set.js";
import type { PartitionMapping } from "../../src/model/partition-mapping/partition-mapping.js";
import type { PlannedStep } from "../../src/model/run-plan.js";
import type { ChosenPartitions } from "../../src/planning/run-division.js";
import type { UnitBinding } from "../scan/bindings.js";
import type { Boundary } from "./user-code-boundary.js";

/** What is known of the newest value of an asset: where it is, and which version. */
export interface UpstreamValue {
  readonly dataVersion?: string;
  readonly eventId?: number;
  readonly pointer?: unknown;
  readonly metadata?: Readonly<Record<string, MetadataValue>>;
  /** The form in which it was given, where an input without a form of its own gets the same. */
  readonly form?: FormName;
  /** False when what was materialized had no value to keep. */
  readonly stored: boolean;
}

/** One attempt at a step. */
export interface Attempt {
  readonly runId: string;
  readonly runTags: Readonly<Record<string, string>>;
  /** Hash of every loaded user module and of the lock file. */
  readonly sourceVersion: string;
  /** The step; of a computation that can give a part, without the outs that earlier attempts gave. */
  readonly step: PlannedStep;
  readonly unit: UnitSpec;
  readonly binding: UnitBinding;
  readonly attemptId: string;
  /** 1 for the first. */
  readonly number: number;
  readonly boundary: Boundary;
  readonly log: StepLog;
  /** Takes what happened, in its order. */
  record(event: NewEvent): void;
  /** The partitions that it is to give, without those that earlier attempts gave; `undefined`: what it gives is not divided. */
  readonly partitions?: ChosenPartitions;
  specOf(key: AssetKey): AssetSpec;
  checkOf(id: string): CheckSpec;
  /** The newest value of an asset that is not divided. */
  upstream(key: AssetKey): UpstreamValue | undefined;
  /** What these partitions (default: all of the attempt) need of a divided upstream; `undefined`: it is not divided. */
  needs(key: AssetKey, of?: { readonly set?: IndexSet; readonly mapping?: PartitionMapping | undefined }): ChosenPartitions | undefined;
  /** The newest value of a partition that the attempt needs. */
  upstreamPartition(key: AssetKey, partitionKey: string): UpstreamValue | undefined;
  /** The fenced right to publish; false when the attempt is no longer current. */
  mayPublish(key: AssetKey): Promise<boolean>;
}
