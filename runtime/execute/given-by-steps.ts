import type { AssetKey, AssetSpec, CheckSpec, UnitSpec } from "../../src/model/asset-spec.js";
import type { NewEvent } from "../../src/model/event.js";
import type { PlannedStep } from "../../src/model/run-plan.js";
import type { ChosenPartitions, RunDivision } from "../../src/planning/run-division.js";
import type { NextAttempt } from "./attempts-under-way.js";
import { GivenSoFar, type Missing } from "./given-so-far.js";

/** What the attempts at each step of a run have given, and so what the next is to give and what is missing in the end. */
export class GivenBySteps {
  readonly #given = new Map<string, GivenSoFar>();
  readonly #division: RunDivision;
  readonly #specs: ReadonlyMap<AssetKey, AssetSpec>;
  readonly #checks: ReadonlyMap<string, CheckSpec>;

  constructor(division: RunDivision, specs: ReadonlyMap<AssetKey, AssetSpec>, checks: ReadonlyMap<string, CheckSpec>) {
    this.#division = division;
    this.#specs = specs;
    this.#checks = checks;
  }

  add(step: PlannedStep, events: readonly NewEvent[]): void {
    let given = this.#given.get(step.key);
    if (!given) this.#given.set(step.key, (given = new GivenSoFar()));
    given.add(events);
  }

  /** What an attempt is to give: of a computation that can give a part, only what no earlier attempt gave. */
  wantedOf({ step, number }: NextAttempt, unit: UnitSpec): PlannedStep {
    const given = this.#given.get(step.key);
    const chosen = this.#division.of(step);
    if (number === 1 || !given || !unit.canSubset) return step;
    const assets = step.assets.filter((key) => !given.has(key, chosen));
    if (assets.length === 0) return step;
    return { ...step, assets, checks: step.checks.filter((id) => !given.has(this.#checks.get(id)?.asset ?? "", chosen)) };
  }

  /** The partitions that are still to be given. */
  partitionsOf(step: PlannedStep): ChosenPartitions | undefined {
    const chosen = this.#division.of(step);
    const given = this.#given.get(step.key);
    return chosen && given && step.assets.length > 0 ? { space: chosen.space, set: given.left(step, chosen) } : chosen;
  }

  /** What the step was to materialize and did not give, as events. */
  missing(step: PlannedStep, at: Pick<NewEvent, "atMs" | "attempt">, reason: string): NewEvent[] {
    const made = { ...step, assets: step.assets.filter((key) => !this.#specs.get(key)?.observable) };
    const missing = (this.#given.get(step.key) ?? new GivenSoFar()).missing(made, this.#division.of(step));
    return missing.map((each: Missing) => ({
      type: "ASSET_FAILED_TO_MATERIALIZE",
      stepKey: step.key,
      ...at,
      ...each,
      payload: { reason },
    }));
  }
}
