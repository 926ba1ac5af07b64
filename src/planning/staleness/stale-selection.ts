import type { AssetKey } from "../../model/asset-spec.js";
import { checkId } from "../../model/asset-spec.js";
import type { PlanCatalog, PlanSelection } from "../plan-run.js";
import type { RunPartitions } from "../../model/run-plan.js";
import { setOfRun } from "../run-partitions.js";
import type { StalenessStatus } from "./staleness.js";
import type { StalenessIndex } from "./staleness-index.js";

/** What tells how an asset is, as a `StalenessIndex` does. */
export interface StatusOf {
  status(key: AssetKey): StalenessStatus;
}

/** How assets are as far as these partitions go: what is stale or missing in others is left out of account. */
export function among(index: StalenessIndex, partitions: RunPartitions): StatusOf {
  const statuses = ["stale", "missing"] as const;
  return {
    status(key) {
      const space = index.spaceOf(key);
      if (!space) return index.status(key);
      const set = setOfRun(space, partitions);
      return statuses.find((status) => index.partitionsThatAre(status, key).intersection(set).size > 0) ?? "fresh";
    },
  };
}

/**
 * What of a selection is to run so that nothing of it is left stale or missing: what is, what is made together with it, and what hangs on that.
 * Checks come with the assets that they are of, or that they are evaluated with. Both lists are empty when all is fresh.
 */
export function staleSelection(catalog: PlanCatalog, selection: PlanSelection, index: StatusOf): PlanSelection {
  const selected = new Set(selection.assets);
  const specs = catalog.assets.filter((spec) => selected.has(spec.key) && spec.unit !== undefined);
  const together = new Map(catalog.units.filter((unit) => !unit.canSubset).map((unit) => [unit.id, unit.assets]));
  const unitOf = new Map(specs.map((spec) => [spec.key, spec.unit ?? ""]));
  const downstream = new Map<AssetKey, AssetKey[]>();
  for (const spec of specs) for (const dep of spec.deps) downstream.set(dep.key, [...(downstream.get(dep.key) ?? []), spec.key]);

  const chosen = new Set(specs.filter((spec) => index.status(spec.key) !== "fresh").map((spec) => spec.key));
  for (const key of chosen) {
    for (const sibling of together.get(unitOf.get(key) ?? "") ?? []) if (unitOf.has(sibling)) chosen.add(sibling);
    // What hangs on a stale asset is stale already; what hangs on a fresh one that is made all the same may become so.
    if (index.status(key) === "fresh") for (const child of downstream.get(key) ?? []) chosen.add(child);
  }
  const units = new Set([...chosen].map((key) => unitOf.get(key)));
  const checks = new Map(catalog.checks.map((check) => [checkId(check), check]));
  return {
    assets: selection.assets.filter((key) => chosen.has(key)),
    checks: selection.checks.filter((id) => chosen.has(checks.get(id)?.asset ?? "") || units.has(checks.get(id)?.unit)),
  };
}
