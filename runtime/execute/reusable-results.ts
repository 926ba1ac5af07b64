import { checkId, type AssetKey, type AssetSpec } from "../../src/model/asset-spec.js";
import type { Catalog } from "../../src/model/catalog.js";
import type { EventRecord, InputVersion, PartitionPoint } from "../../src/model/event.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import { layoutOf } from "../../src/model/partitions/partition-layout.js";
import type { PlannedStep, RunPlan } from "../../src/model/run-plan.js";
import type { ChosenPartitions, RunDivision } from "../../src/planning/run-division.js";
import type { LatestMaterialization } from "../../src/storage/run-store.js";
import type { Store } from "../../src/storage/store.js";
import { joinedDataVersion } from "../../src/model/joined-data-version.js";
import { TOLD_PARTITIONS, type InputVersions } from "./input-versions.js";

/** A run that makes nothing again that would come out the same. */
export interface ReuseGround {
  readonly store: Store;
  readonly catalog: Pick<Catalog, "assets" | "checks">;
  readonly plan: RunPlan;
  readonly division: RunDivision;
  /** Hash of the modules that are loaded. */
  readonly sourceVersion: string;
}

/** The newest results of a divided asset among the partitions of the run. */
interface OfPartitions {
  /** By key of the partition. */
  readonly made: ReadonlyMap<string, EventRecord>;
  /** Those that a blocking check holds back. */
  readonly held: IndexSet;
}

/** The newest results of the assets of a run's steps. */
export interface NewestResults {
  readonly whole: readonly LatestMaterialization[];
  readonly divided: ReadonlyMap<AssetKey, OfPartitions>;
}

/** What earlier runs made of the steps of a run. */
export class ReusableResults {
  readonly #specs: ReadonlyMap<AssetKey, AssetSpec>;
  readonly #division: RunDivision;
  readonly #sourceVersion: string;
  readonly #whole: ReadonlyMap<AssetKey, LatestMaterialization>;
  readonly #divided: ReadonlyMap<AssetKey, OfPartitions>;

  constructor({ catalog, division, sourceVersion }: Omit<ReuseGround, "store" | "plan">, { whole, divided }: NewestResults) {
    this.#specs = new Map(catalog.assets.map((spec) => [spec.key, spec]));
    this.#division = division;
    this.#sourceVersion = sourceVersion;
    this.#whole = new Map(whole.map((each) => [each.assetKey, each]));
    this.#divided = divided;
  }

  static async read(ground: ReuseGround): Promise<ReusableResults> {
    const { store, plan, division } = ground;
    const whole = plan.steps.filter((step) => !division.of(step)).flatMap((step) => step.assets);
    const divided = new Map<AssetKey, OfPartitions>();
    for (const step of plan.steps) {
      const chosen = division.of(step);
      for (const key of chosen ? step.assets : []) if (chosen) divided.set(key, await ofPartitions(ground, key, chosen));
    }
    return new ReusableResults(ground, { whole: whole.length === 0 ? [] : await store.latestMaterializations(whole), divided });
  }

  /**
   * The materializations that stand for running a step again: one for each of its assets, or for each of their partitions in the run. `undefined`: it is
   * to run, with all partitions of the run, as soon as one of them would not come out the same.
   * @param inputs - what the step would read now; is told the results themselves
   */
  of(step: PlannedStep, inputs: InputVersions): readonly EventRecord[] | undefined {
    const points = pointsOf(this.#division.of(step));
    const results: { readonly spec: AssetSpec; readonly point: PartitionPoint | undefined; readonly made: EventRecord }[] = [];
    for (const key of step.assets) {
      const spec = this.#specs.get(key);
      if (!spec || !this.#mayBeReused(spec)) return undefined;
      for (const point of points) {
        const made = this.#madeOf(key, point);
        if (!made || !this.#hasSameCode(spec, made)) return undefined;
        inputs.remember(key, point, made.payload?.dataVersion);
        results.push({ spec, point, made });
      }
    }
    const holds = results.every(({ spec, point, made }) => sameVersions(made.payload?.inputs, inputs.of(spec, point)));
    return holds && results.length > 0 ? results.map(({ made }) => made) : undefined;
  }

  #mayBeReused({ reuse, observable, deps }: AssetSpec): boolean {
    return reuse !== false && !observable && deps.every((dep) => dep.when !== "failure");
  }

  /** Not what a blocking check that failed holds back: a run that passed over it would let what is downstream go on. */
  #madeOf(key: AssetKey, point: PartitionPoint | undefined): EventRecord | undefined {
    if (point) {
      const { made, held } = this.#divided.get(key) ?? {};
      return held?.has(point.index) ? undefined : made?.get(point.key);
    }
    const latest = this.#whole.get(key);
    return latest && !hasFailedCheck(latest) ? latest.materialization : undefined;
  }

  /** Without a code version of the asset's own, its code is the same for certain only when that of the whole project is. */
  #hasSameCode({ codeVersion }: AssetSpec, { payload }: EventRecord): boolean {
    return codeVersion === undefined ? payload?.sourceVersion === this.#sourceVersion : payload?.codeVersion === codeVersion;
  }
}

/** The results that stand for a step as its event tells them: of many partitions of an asset only what they are together. */
export function reusedVersions(results: readonly EventRecord[]): InputVersion[] {
  const byAsset = new Map<AssetKey, InputVersion[]>();
  for (const { id, assetKey: key = "", partition, payload: { dataVersion } = {} } of results) {
    const version = {
      key,
      ...(partition ? { partition: partition.key } : {}),
      ...(dataVersion === undefined ? {} : { dataVersion }),
      eventId: id,
    };
    const known = byAsset.get(key);
    if (known) known.push(version);
    else byAsset.set(key, [version]);
  }
  return [...byAsset].flatMap(([key, all]) => (all.length <= TOLD_PARTITIONS ? all : [{ key, dataVersion: joinedDataVersion(all) }]));
}

const PAGE = 1_000;

async function ofPartitions({ store, catalog }: ReuseGround, key: AssetKey, chosen: ChosenPartitions): Promise<OfPartitions> {
  const { space, set } = chosen;
  const keys = [...set].map((index) => space.keyAt(index));
  const made = new Map<string, EventRecord>();
  for (let from = 0; from < keys.length; from += PAGE)
    for (const event of await store.latestPartitions(key, keys.slice(from, from + PAGE)))
      if (event.partition) made.set(event.partition.key, event);
  const blocking = new Set(catalog.checks.filter((check) => check.asset === key && check.blocking).map(checkId));
  if (blocking.size === 0) return { made, held: IndexSet.empty() };
  const { failedChecks } = await store.partitionStatus(key, layoutOf(space));
  const held = Object.entries(failedChecks).flatMap(([name, failed]) => (blocking.has(`${key}#${name}`) ? [failed] : []));
  return { made, held: held.reduce((all, failed) => all.union(failed), IndexSet.empty()) };
}

function pointsOf(chosen: ChosenPartitions | undefined): (PartitionPoint | undefined)[] {
  return chosen ? [...chosen.set].map((index) => ({ key: chosen.space.keyAt(index), index })) : [undefined];
}

/** Whether these are the same versions of the same assets and partitions, read from whichever events. */
function sameVersions(recorded: readonly InputVersion[] | undefined, now: readonly InputVersion[]): boolean {
  if (recorded?.length !== now.length) return false;
  const known = new Map(recorded.map((input) => [placeOf(input), input.dataVersion]));
  return now.every((input) => known.has(placeOf(input)) && known.get(placeOf(input)) === input.dataVersion);
}

function placeOf({ key, partition }: InputVersion): string {
  return partition === undefined ? key : `${key}\n${partition}`;
}

function hasFailedCheck({ checks }: LatestMaterialization): boolean {
  return Object.values(checks).some(
    ({ payload }) => payload?.check?.blocking === true && !payload.check.passed && payload.check.severity === "ERROR",
  );
}
