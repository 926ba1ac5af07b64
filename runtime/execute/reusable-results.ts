import type { AssetKey, AssetSpec } from "../../src/model/asset-spec.js";
import type { EventRecord } from "../../src/model/event.js";
import type { PlannedStep } from "../../src/model/run-plan.js";
import { directCauses } from "../../src/planning/staleness/direct-causes.js";
import type { LatestMaterialization } from "../../src/storage/run-store.js";

/** What earlier runs made, for a run that makes nothing again that would come out the same. */
export class ReusableResults {
  readonly #latest: ReadonlyMap<AssetKey, LatestMaterialization>;
  readonly #sourceVersion: string;

  /** @param sourceVersion - hash of the modules that are loaded */
  constructor(latest: readonly LatestMaterialization[], sourceVersion: string) {
    this.#latest = new Map(latest.map((each) => [each.assetKey, each]));
    this.#sourceVersion = sourceVersion;
  }

  /**
   * The materializations that stand for running a step again, one for each of its assets; `undefined`: it is to run.
   * @param versionNow - data version of an upstream as the step would read it
   */
  of(
    step: PlannedStep,
    specOf: (key: AssetKey) => AssetSpec | undefined,
    versionNow: (upstream: AssetKey) => string | undefined,
  ): readonly EventRecord[] | undefined {
    const version = (key: AssetKey): string | undefined =>
      step.assets.includes(key) ? this.#latest.get(key)?.materialization?.payload?.dataVersion : versionNow(key);
    const results: EventRecord[] = [];
    for (const key of step.assets) {
      const latest = this.#latest.get(key);
      const spec = specOf(key);
      if (!latest?.materialization || !spec || hasFailedCheck(latest) || !this.#holds(spec, latest.materialization, version))
        return undefined;
      results.push(latest.materialization);
    }
    return results.length === 0 ? undefined : results;
  }

  /** Without a code version of the asset's own, its code is the same for certain only when that of the whole project is. */
  #holds(spec: AssetSpec, { payload = {} }: EventRecord, version: (key: AssetKey) => string | undefined): boolean {
    if (spec.partitions !== null || payload.inputs?.some((input) => input.partition !== undefined)) return false; // looked at by asset only
    if (spec.reuse === false || spec.observable || !payload.inputs || spec.deps.some((dep) => dep.when === "failure")) return false;
    if (spec.codeVersion === undefined && payload.sourceVersion !== this.#sourceVersion) return false;
    if (!directCauses(spec, payload, { version }).next().done) return false;
    return payload.inputs.every((input) => input.dataVersion === version(input.key));
  }
}

/** A blocking check that failed holds back what is downstream: a run that passed over it would let it go on. */
function hasFailedCheck({ checks }: LatestMaterialization): boolean {
  return Object.values(checks).some(
    ({ payload }) => payload?.check?.blocking === true && !payload.check.passed && payload.check.severity === "ERROR",
  );
}
