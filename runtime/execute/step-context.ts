import type { Token } from "../../src/config/provided.js";
import { CheckContext, PartitionedAssetContext, type ContextFacts, type StepLog } from "../../src/model/contexts.js";
import type { EventPayload } from "../../src/model/event.js";
import { normalizeMetadata, toJson, type MetadataInput } from "../../src/model/metadata.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";
import { DefinitionError, ExecutionError } from "../../src/base/errors.js";
import type { TimeWindow } from "../../src/model/partitions/time-windows.js";
import type { ChosenPartitions } from "../../src/planning/run-division.js";
import { PartitionFacts } from "./partition-facts.js";

/** What both contexts are made from. */
export interface StepFacts extends ContextFacts {
  readonly selectedOuts: ReadonlySet<string>;
  /** Absent: what the step gives is not divided. */
  readonly partitions?: ChosenPartitions;
}

/** The context of an asset's method during a run. */
export class StepContext extends PartitionedAssetContext {
  readonly selectedOuts: ReadonlySet<string>;
  readonly #metadata = new Map<string, Record<string, MetadataValue>>();
  readonly #partitions: PartitionFacts | undefined;

  constructor(facts: StepFacts) {
    super(facts);
    this.selectedOuts = facts.selectedOuts;
    this.#partitions = facts.partitions && new PartitionFacts(facts.assetKey, facts.partitions);
  }

  get partitionKey(): string {
    return this.#divided("partitionKey").key;
  }

  get partitionKeys(): readonly string[] {
    return this.#divided("partitionKeys").keys;
  }

  get partitionKeyRange(): { readonly first: string; readonly last: string } {
    return this.#divided("partitionKeyRange").range;
  }

  get partitionTimeWindow(): TimeWindow {
    return this.#divided("partitionTimeWindow").timeWindow;
  }

  get keysByDimension(): Readonly<Record<string, string>> {
    return this.#divided("keysByDimension").keysByDimension;
  }

  #divided(name: string): PartitionFacts {
    if (this.#partitions) return this.#partitions;
    throw new ExecutionError("STEP.NOT_DIVIDED", `"${this.assetKey}" is not divided, so ${name} has no meaning.`, {
      fix: "Give the asset `partitions`.",
    });
  }

  addOutputMetadata(metadata: Readonly<Record<string, MetadataInput>>, out?: string): void {
    const [only, ...others] = this.selectedOuts;
    const name = out ?? (others.length === 0 ? only : undefined);
    if (name === undefined || !this.selectedOuts.has(name)) {
      throw new DefinitionError(
        "METADATA.OUT",
        `addOutputMetadata needs the name of an out: ${[...this.selectedOuts].join(", ")}${out === undefined ? "" : `, not "${out}"`}.`,
        {
          fix: `Write addOutputMetadata({...}, "${only ?? ""}").`,
        },
      );
    }
    this.#metadata.set(name, { ...this.#metadata.get(name), ...normalizeMetadata(metadata) });
  }

  /** What was added for an out. */
  metadataOf(out: string): Readonly<Record<string, MetadataValue>> {
    return this.#metadata.get(out) ?? {};
  }
}

/** The context of the function of `defineAssets`: it hands out the resources that the definition lists. */
export class AssetSetStepContext extends StepContext {
  readonly #resourceOf: (token: Token) => unknown;

  constructor(facts: StepFacts, resourceOf: (token: Token) => unknown) {
    super(facts);
    this.#resourceOf = resourceOf;
  }

  resource<T>(token: Token<T>): T {
    return this.#resourceOf(token) as T;
  }
}

/** The context of a check's method during a run. */
export class StepCheckContext extends CheckContext {}

/** A log that hands each line to `emit` as a payload. */
export function stepLog(emit: (payload: EventPayload) => void): StepLog {
  const at = (level: NonNullable<EventPayload["level"]>) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    emit({ level, message, ...(fields ? { fields: plainFields(fields) } : {}) });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A log line is no reason to fail: fields that refer to themselves are left out, and the line says so. */
function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return toJson(fields) as Record<string, unknown>;
  } catch {
    return { "left out": "the fields refer to themselves" };
  }
}
