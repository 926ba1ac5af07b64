import { systemClock } from "../../src/base/clock.js";
import { newId } from "../../src/base/ids.js";
import type { EventPayload } from "../../src/model/event.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import { openPartitions, requirePartition } from "../../src/model/partitions/partition-space.js";
import type { PartitionsDefinition } from "../../src/model/partitions/partitions-definition.js";
import type { ChosenPartitions } from "../../src/planning/run-division.js";
import { ONLY_OUT } from "../execute/given-outputs.js";
import { StepCheckContext, StepContext, stepLog } from "../execute/step-context.js";

/** What a test may set of a context; everything has a default. */
export interface TestContextOptions {
  readonly assetKey?: string;
  readonly outs?: readonly string[];
  readonly checks?: readonly string[];
  readonly retryNumber?: number;
  readonly runTags?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** How the asset is divided, for a method that takes a PartitionedAssetContext. */
  readonly partitions?: PartitionsDefinition;
  /** The partitions of the call. @defaultValue the last that exists */
  readonly partitionKeys?: readonly string[];
}

/** A context for a direct call of an asset's method, with what the method reported. */
export class TestContext extends StepContext {
  /** What was logged. */
  readonly logged: readonly EventPayload[];

  constructor(options: TestContextOptions, logged: EventPayload[]) {
    super({ ...factsOf(options), log: stepLog((payload) => logged.push(payload)) });
    this.logged = logged;
  }

  /** The metadata that the method added. */
  outputMetadata(out: string = ONLY_OUT): Readonly<Record<string, MetadataValue>> {
    return this.metadataOf(out);
  }
}

/** A context with which an asset's method can be called in a test, as a plain method. */
export function testContext(options: TestContextOptions = {}): TestContext {
  return new TestContext(options, []);
}

/** The same for a check's method. */
export function testCheckContext(options: TestContextOptions = {}): StepCheckContext {
  return new StepCheckContext({ ...factsOf(options), log: stepLog(() => undefined) });
}

function factsOf(options: TestContextOptions) {
  return {
    assetKey: options.assetKey ?? "asset",
    runId: newId(),
    attemptId: newId(),
    retryNumber: options.retryNumber ?? 0,
    runTags: options.runTags ?? {},
    selectedOuts: new Set(options.outs ?? [ONLY_OUT]),
    selectedChecks: new Set(options.checks ?? []),
    signal: options.signal ?? new AbortController().signal,
    ...(options.partitions ? { partitions: chosenOf(options.partitions, options.partitionKeys) } : {}),
  };
}

function chosenOf(definition: PartitionsDefinition, keys: readonly string[] | undefined): ChosenPartitions {
  const space = openPartitions(definition, { nowMs: systemClock.nowMs(), dynamicKeys: () => keys ?? [] });
  const chosen = keys ?? (space.size === 0 ? [] : [space.keyAt(space.size - 1)]);
  return { space, set: IndexSet.ofNumbers(chosen.map((key) => requirePartition(space, key))) };
}
