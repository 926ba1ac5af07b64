import type { AssetKey } from "../../src/model/asset-spec.js";
import type { NewEvent } from "../../src/model/event.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import type { PlannedStep, RunPlan } from "../../src/model/run-plan.js";

/** What the outcome of a run is told with. */
export interface OutcomeGround {
  readonly plan: RunPlan;
  /** The partitions of the run; 0 stands for what is not divided. */
  readonly partitions: IndexSet;
  /** Of a partition of an asset; `undefined`: it is none. */
  indexOf(asset: AssetKey, partitionKey: string): number | undefined;
  /** Whether the check of this id keeps what is made from its asset from running. */
  isBlocking(check: string): boolean;
}

const ALL = "all";
const UNDONE: readonly string[] = ["STEP_FAILURE", "STEP_CANCELED", "STEP_NOT_RUN"];

/** What a run of a backfill gave, and what of it may be built on. */
export class BackfillRunOutcome {
  readonly #ground: OutcomeGround;
  readonly #checkSteps: ReadonlyMap<string, PlannedStep>;
  readonly #given = new Map<AssetKey, Set<number>>();
  readonly #reused = new Set<AssetKey>();
  /** By check: the partitions that it holds back. */
  readonly #held = new Map<string, Set<number> | typeof ALL>();

  constructor(ground: OutcomeGround) {
    this.#ground = ground;
    this.#checkSteps = new Map(ground.plan.steps.filter(({ assets }) => assets.length === 0).map((step) => [step.key, step]));
  }

  /** Takes an event of the run. */
  add(event: NewEvent): void {
    const { type, assetKey, stepKey } = event;
    if (UNDONE.includes(type)) {
      for (const id of this.#checkSteps.get(stepKey ?? "")?.checks ?? []) if (this.#ground.isBlocking(id)) this.#held.set(id, ALL);
    } else if (type === "STEP_REUSED") {
      for (const { key, assets } of this.#ground.plan.steps) if (key === stepKey) for (const asset of assets) this.#reused.add(asset);
    } else if (assetKey === undefined) return;
    else if (type === "ASSET_CHECK_EVALUATION") this.#evaluated(assetKey, event);
    else if (type === "ASSET_MATERIALIZATION" || type === "ASSET_OBSERVATION") {
      const index = this.#indexOf(assetKey, event);
      if (index !== undefined) setOf(this.#given, assetKey).add(index);
    }
  }

  /** Assets that were not made, because earlier results stand for them. */
  get reused(): readonly AssetKey[] {
    return [...this.#reused];
  }

  /** Partitions of the asset that were given, or are reused, and that no blocking check holds back. */
  made(asset: AssetKey): IndexSet {
    let made = this.#reused.has(asset) ? this.#ground.partitions : IndexSet.ofNumbers(this.#given.get(asset) ?? []);
    for (const [id, held] of this.#held) {
      if (!id.startsWith(`${asset}#`)) continue;
      made = held === ALL ? IndexSet.empty() : made.difference(IndexSet.ofNumbers(held));
    }
    return made;
  }

  #evaluated(asset: AssetKey, event: NewEvent): void {
    const { check } = event.payload ?? {};
    if (!check?.blocking) return;
    const id = `${asset}#${check.name}`;
    const held = this.#held.get(id);
    const fails = !check.passed && check.severity === "ERROR";
    if (!event.partition || held === ALL) {
      if (fails) this.#held.set(id, ALL);
      else this.#held.delete(id);
      return;
    }
    const index = this.#indexOf(asset, event);
    if (index === undefined) return;
    if (fails) setOf(this.#held as Map<string, Set<number>>, id).add(index);
    else held?.delete(index);
  }

  #indexOf(asset: AssetKey, { partition }: NewEvent): number | undefined {
    return partition ? this.#ground.indexOf(asset, partition.key) : 0;
  }
}

function setOf(sets: Map<string, Set<number>>, key: string): Set<number> {
  let set = sets.get(key);
  if (!set) sets.set(key, (set = new Set()));
  return set;
}
