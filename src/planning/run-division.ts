import { checkId, type AssetKey, type AssetSpec, type CheckSpec, type DependencySpec } from "../model/asset-spec.js";
import { bindMapping } from "../model/partition-mapping/bound-mapping.js";
import type { CustomMapping } from "../model/partition-mapping/custom-mapping.js";
import { partitionMapper } from "../model/partition-mapping/map-partitions.js";
import type { NeededUpstream, PartitionMapper } from "../model/partition-mapping/partition-mapper.js";
import type { PartitionMapping } from "../model/partition-mapping/partition-mapping.js";
import { IndexSet } from "../model/partitions/index-set.js";
import { openPartitions, type PartitionsAsOf, type PartitionSpace } from "../model/partitions/partition-space.js";
import { fingerprint, type PartitionsDefinition } from "../model/partitions/partitions-definition.js";
import type { PlannedStep, RunPlan } from "../model/run-plan.js";
import type { PlanCatalog } from "./plan-run.js";
import { setOfRun } from "./run-partitions.js";

/** Partitions of one definition: those that exist, and a set of them. */
export interface ChosenPartitions {
  readonly space: PartitionSpace;
  readonly set: IndexSet;
}

/** What is divided in a run, and which partitions its steps need of their upstream, as partitions exist at one moment. */
export class RunDivision {
  /** The run's own; `undefined`: nothing of it is divided. */
  readonly chosen: ChosenPartitions | undefined;
  readonly #specs: ReadonlyMap<AssetKey, AssetSpec>;
  readonly #checks: ReadonlyMap<string, CheckSpec>;
  readonly #asOf: PartitionsAsOf;
  readonly #codes: ReadonlyMap<string, CustomMapping>;
  readonly #spaces = new Map<string, PartitionSpace>();
  readonly #mappers = new Map<string, PartitionMapper>();

  /** @param codes - of the mappings of authors' own, by their ids */
  constructor(
    plan: RunPlan,
    catalog: PlanCatalog,
    { asOf, codes }: { readonly asOf: PartitionsAsOf; readonly codes: ReadonlyMap<string, CustomMapping> },
  ) {
    this.#specs = new Map(catalog.assets.map((spec) => [spec.key, spec]));
    this.#checks = new Map(catalog.checks.map((check) => [checkId(check), check]));
    this.#asOf = asOf;
    this.#codes = codes;
    if (!plan.partitions) return;
    const space = this.#open(plan.partitions.definition);
    this.chosen = { space, set: setOfRun(space, plan.partitions) };
  }

  /** The partitions of an asset that exist; `null`: it is not divided. */
  spaceOf(key: AssetKey): PartitionSpace | null {
    const definition = this.#specs.get(key)?.partitions;
    return definition ? this.#open(definition) : null;
  }

  /** The partitions that a step is to give; `undefined`: what it gives is not divided. */
  of(step: PlannedStep): ChosenPartitions | undefined {
    return this.chosen && this.#isDivided(step) ? this.chosen : undefined;
  }

  /**
   * What some partitions of a step need of an upstream; `undefined`: the upstream is not divided.
   * @param mapping - default: that of the dependency
   */
  neededBy(
    step: PlannedStep,
    upstream: AssetKey,
    { set, mapping }: { readonly set: IndexSet | undefined; readonly mapping?: PartitionMapping | undefined },
  ): NeededUpstream | undefined {
    const up = this.spaceOf(upstream);
    return up ? this.#mapper(step, upstream, { up, mapping }).upstreamOf(set ?? UNDIVIDED) : undefined;
  }

  #mapper(
    step: PlannedStep,
    upstream: AssetKey,
    { up, mapping }: { readonly up: PartitionSpace; readonly mapping: PartitionMapping | undefined },
  ): PartitionMapper {
    const name = JSON.stringify([step.key, upstream, mapping]);
    const known = this.#mappers.get(name);
    if (known) return known;
    const down = this.#isDivided(step) ? (this.chosen?.space ?? null) : null;
    const given = mapping ?? this.#dependency(step, upstream)?.mapping;
    const mapper = partitionMapper(given && bindMapping(given, this.#codes), up, down);
    this.#mappers.set(name, mapper);
    return mapper;
  }

  /** Divided assets that the step's own depend on, and that its checks need. */
  dividedUpstreamOf(step: PlannedStep): AssetKey[] {
    const keys = new Set(this.#dependencies(step).map((dep) => dep.key));
    for (const id of step.checks) keys.add(this.#checks.get(id)?.asset ?? "");
    return [...keys].filter((key) => this.#specs.get(key)?.partitions);
  }

  #dependencies(step: PlannedStep): DependencySpec[] {
    return [...step.assets.map((key) => this.#specs.get(key)?.deps), ...step.checks.map((id) => this.#checks.get(id)?.deps)].flatMap(
      (deps) => deps ?? [],
    );
  }

  /** A computation that has several assets loads a value once; where they differ, the first that says which partition counts. */
  #dependency(step: PlannedStep, upstream: AssetKey): DependencySpec | undefined {
    const found = this.#dependencies(step).filter((dep) => dep.key === upstream);
    return found.find((dep) => dep.mapping) ?? found[0];
  }

  #isDivided(step: PlannedStep): boolean {
    const [first] = step.assets;
    const keys = first === undefined ? step.checks.map((id) => this.#checks.get(id)?.asset ?? "") : [first];
    return keys.some((key) => (this.#specs.get(key)?.partitions ?? null) !== null);
  }

  #open(definition: PartitionsDefinition): PartitionSpace {
    const name = fingerprint(definition);
    let space = this.#spaces.get(name);
    if (!space) this.#spaces.set(name, (space = openPartitions(definition, this.#asOf)));
    return space;
  }
}

const UNDIVIDED = IndexSet.range(0, 1);
