import type { AssetKey } from "../../src/model/asset-spec.js";
import type { PlannedStep } from "../../src/model/run-plan.js";
import type { ChosenPartitions, RunDivision } from "../../src/planning/run-division.js";
import type { UnitBinding } from "../scan/bindings.js";
import type { Attempt } from "./attempt.js";
import type { VersionReader } from "./input-versions.js";
import type { UpstreamValues } from "./upstream-values.js";

/** What the steps of a run read: which partitions of their upstream, and what is known of those. */
export class StepReads {
  readonly #division: RunDivision;
  readonly #values: UpstreamValues;

  constructor(division: RunDivision, values: UpstreamValues) {
    this.#division = division;
    this.#values = values;
  }

  /** What a step reads to give these partitions. @param partitions - default: those that the run chose for it */
  of(step: PlannedStep, partitions: ChosenPartitions | undefined = this.#division.of(step)): VersionReader {
    return {
      needs: (key, of) => this.#needs(step, key, { set: of?.set ?? partitions?.set, mapping: of?.mapping }),
      upstream: (key) => this.#values.of(key),
      upstreamPartition: (key, partition) => this.#values.ofPartition(key, partition),
    };
  }

  /** Looks up what is known of the partitions that a step reads. */
  async learn(step: PlannedStep, binding: UnitBinding | undefined, needs: Attempt["needs"]): Promise<void> {
    const learn = async (key: AssetKey, needed: ChosenPartitions | undefined): Promise<void> => {
      if (needed) await this.#values.learn(key, needed.space, needed.set);
    };
    for (const key of this.#division.dividedUpstreamOf(step)) await learn(key, needs(key));
    for (const parameter of binding?.code.kind === "method" ? binding.code.parameters : [])
      if (parameter.kind === "input" && parameter.mapping) await learn(parameter.key, needs(parameter.key, { mapping: parameter.mapping }));
  }

  /** What a step needs of a divided upstream, without what it is to give itself. */
  #needs(step: PlannedStep, key: AssetKey, of: Parameters<RunDivision["neededBy"]>[2]): ChosenPartitions | undefined {
    const space = this.#division.spaceOf(key);
    const needed = space && this.#division.neededBy(step, key, of);
    return needed ? { space, set: needed.partitions } : undefined;
  }
}
