import { RequestError } from "../base/errors.js";
import { checkId, type AssetKey, type AssetSpec, type CheckSpec, type UnitSpec } from "../model/asset-spec.js";
import type { PlannedStep, RunPartitions, RunPlan, StepEdge } from "../model/run-plan.js";
import { checkRunPartitions } from "./run-partitions.js";

/** What a plan is made from; a `Catalog` is one. */
export interface PlanCatalog {
  readonly assets: readonly AssetSpec[];
  readonly checks: readonly CheckSpec[];
  readonly units: readonly UnitSpec[];
}

/** What a run is to do: keys of assets, and ids of checks. */
export interface PlanSelection {
  readonly assets: readonly AssetKey[];
  readonly checks: readonly string[];
}

interface Part {
  readonly unit: UnitSpec;
  readonly assets: readonly AssetKey[];
  readonly checks: readonly string[];
}

/**
 * The steps of a run in an order in which each comes after those that it waits for.
 * A computation that can be subset is split when another one stands between its assets.
 * @param partitions - of the run's divided assets, all of which have the same definition
 * @throws {@link RequestError} when nothing is selected, when a part of a computation is selected that can only run whole, when computations wait
 * for each other, or when the partitions are not those that the selected assets need
 * @remarks Pure. O(V + E) in the selected assets and their dependencies.
 */
export function planRun(catalog: PlanCatalog, selection: PlanSelection, partitions?: RunPartitions): RunPlan {
  const specs = new Map(catalog.assets.map((spec) => [spec.key, spec]));
  const checks = new Map(catalog.checks.map((check) => [checkId(check), check]));
  const parts = selectParts(catalog, selection, specs, checks);
  if (parts.length === 0) {
    throw new RequestError("PLAN.NOTHING_SELECTED", "The selection holds nothing that can be materialized.", {
      fix: "Run `millrace list` to see what there is.",
    });
  }
  checkRunPartitions(catalog, selection, partitions);
  const steps = stepsInOrder(parts, specs, checks);
  return partitions ? { steps, partitions } : { steps };
}

function stepsInOrder(
  parts: readonly Part[],
  specs: ReadonlyMap<AssetKey, AssetSpec>,
  checks: ReadonlyMap<string, CheckSpec>,
): readonly PlannedStep[] {
  const whole = orderSteps(
    parts.map((part) => stepOf(part)),
    specs,
    checks,
  );
  if (whole.steps) return whole.steps;
  const split = orderSteps(
    splitByDepth(parts, specs, checks).map((part) => stepOf(part)),
    specs,
    checks,
  );
  if (split.steps) return split.steps;
  throw new RequestError("PLAN.UNITS_IN_A_CYCLE", `These computations wait for each other: ${split.cycle.join(" → ")}.`, {
    fix: "Give one of them `canSubset: true` so that it can be split, or move one of its outs to a method of its own.",
  });
}

function selectParts(
  catalog: PlanCatalog,
  selection: PlanSelection,
  specs: ReadonlyMap<AssetKey, AssetSpec>,
  checks: ReadonlyMap<string, CheckSpec>,
): Part[] {
  const wanted = new Set(selection.assets.filter((key) => specs.get(key)?.unit !== undefined));
  const wantedChecks = new Set(selection.checks.filter((id) => checks.has(id)));
  const touched = new Set<string>();
  for (const key of wanted) touched.add(specs.get(key)?.unit ?? "");
  for (const id of wantedChecks) touched.add(checks.get(id)?.unit ?? "");
  return catalog.units.filter((unit) => touched.has(unit.id)).map((unit) => partOf(unit, wanted, wantedChecks));
}

function partOf(unit: UnitSpec, wanted: ReadonlySet<AssetKey>, wantedChecks: ReadonlySet<string>): Part {
  const assets = unit.assets.filter((key) => wanted.has(key));
  const checks = unit.checks.filter((id) => wantedChecks.has(id));
  const isPart = assets.length < unit.assets.length || checks.length < unit.checks.length;
  if (isPart && !unit.canSubset) {
    const missing = [...unit.assets.filter((key) => !wanted.has(key)), ...unit.checks.filter((id) => !wantedChecks.has(id))];
    throw new RequestError(
      "PLAN.PART_OF_A_WHOLE",
      `"${unit.id}" gives ${[...unit.assets, ...unit.checks].join(", ")} together; the selection leaves out ${missing.join(", ")}.`,
      {
        fix: `Select ${missing.join(", ")} too, or give "${unit.id}" \`canSubset: true\`.`,
      },
    );
  }
  return { unit, assets, checks };
}

function stepOf(part: Part): Part & { readonly key: string } {
  return { ...part, key: [...(part.assets.length > 0 ? part.assets : part.checks)].sort().join("+") };
}

interface Ordered {
  readonly steps?: readonly PlannedStep[];
  readonly cycle: readonly string[];
}

function orderSteps(
  parts: readonly (Part & { readonly key: string })[],
  specs: ReadonlyMap<AssetKey, AssetSpec>,
  checks: ReadonlyMap<string, CheckSpec>,
): Ordered {
  const stepOfAsset = new Map<AssetKey, string>();
  const blockers = new Map<AssetKey, string[]>(); // asset, of the run or not → steps of blocking checks of their own
  for (const part of parts) for (const key of part.assets) stepOfAsset.set(key, part.key);
  for (const part of parts) {
    for (const id of part.checks) {
      const check = checks.get(id);
      if (check?.blocking && stepOfAsset.get(check.asset) !== part.key) {
        blockers.set(check.asset, [...(blockers.get(check.asset) ?? []), part.key]);
      }
    }
  }
  const edgesOf = (part: Part & { key: string }): StepEdge[] => {
    const edges = new Map<string, StepEdge>();
    const need = (key: AssetKey, when: StepEdge["when"], blocked: boolean): void => {
      const step = stepOfAsset.get(key);
      if (step === part.key) return; // the computation itself sees to what it holds together
      if (step !== undefined) edges.set(`${step}\n${key}\n${when}`, { step, asset: key, when });
      if (blocked && when !== "always")
        for (const check of blockers.get(key) ?? []) if (check !== part.key) edges.set(`${check}\n${when}`, { step: check, when });
    };
    for (const key of part.assets) for (const dep of specs.get(key)?.deps ?? []) need(dep.key, dep.when, true);
    for (const id of part.checks) {
      const check = checks.get(id);
      if (!check) continue;
      need(check.asset, "success", false);
      for (const dep of check.deps) need(dep.key, dep.when, true);
    }
    return [...edges.values()];
  };
  return sortSteps(
    parts.map((part) => ({ key: part.key, unit: part.unit.id, assets: part.assets, checks: part.checks, after: edgesOf(part) })),
  );
}

function sortSteps(steps: readonly PlannedStep[]): Ordered {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const waits = new Map(steps.map((step) => [step.key, new Set(step.after.map((edge) => edge.step)).size]));
  const dependents = new Map<string, string[]>();
  for (const step of steps) {
    for (const upstream of new Set(step.after.map((edge) => edge.step))) {
      const list = dependents.get(upstream);
      if (list) list.push(step.key);
      else dependents.set(upstream, [step.key]);
    }
  }
  const ready = steps.filter((step) => waits.get(step.key) === 0).map((step) => step.key);
  const sorted: PlannedStep[] = [];
  for (let next = 0; next < ready.length; next++) {
    const key = ready[next] ?? "";
    const step = byKey.get(key);
    if (step) sorted.push(step);
    for (const dependent of dependents.get(key) ?? []) {
      const left = (waits.get(dependent) ?? 0) - 1;
      waits.set(dependent, left);
      if (left === 0) ready.push(dependent);
    }
  }
  return sorted.length === steps.length
    ? { steps: sorted, cycle: [] }
    : { cycle: findCycle(byKey, new Set(sorted.map((step) => step.key))) };
}

function findCycle(byKey: ReadonlyMap<string, PlannedStep>, done: ReadonlySet<string>): string[] {
  const path: string[] = [];
  let at = [...byKey.keys()].find((key) => !done.has(key));
  while (at !== undefined && !path.includes(at)) {
    path.push(at);
    at = byKey.get(at)?.after.find((edge) => !done.has(edge.step))?.step;
  }
  const cycle = at === undefined ? path : path.slice(path.indexOf(at));
  return [...cycle, cycle[0] ?? ""];
}

/** Splits what can be split: assets of one computation stay together while no other computation stands between them and the roots. */
function splitByDepth(parts: readonly Part[], specs: ReadonlyMap<AssetKey, AssetSpec>, checks: ReadonlyMap<string, CheckSpec>): Part[] {
  const depths = depthOfAssets(parts, specs);
  return parts.flatMap((part) => {
    const levels = new Set(part.assets.map((key) => depths.get(key) ?? 0));
    if (!part.unit.canSubset || levels.size <= 1) return [part];
    return [...levels]
      .sort((a, b) => a - b)
      .map((level, index, all) => {
        const assets = part.assets.filter((key) => (depths.get(key) ?? 0) === level);
        const isLast = index === all.length - 1; // it has the checks of other computations' assets too
        const isHere = (asset: AssetKey): boolean => assets.includes(asset) || (isLast && !part.assets.includes(asset));
        return { unit: part.unit, assets, checks: part.checks.filter((id) => isHere(checks.get(id)?.asset ?? "")) };
      });
  });
}

/** For each selected asset the greatest number of changes of computation on a way from a root to it. */
function depthOfAssets(parts: readonly Part[], specs: ReadonlyMap<AssetKey, AssetSpec>): ReadonlyMap<AssetKey, number> {
  const selected = new Set(parts.flatMap((part) => part.assets));
  const depths = new Map<AssetKey, number>();
  const visiting = new Set<AssetKey>();
  const depthOf = (key: AssetKey): number => {
    const known = depths.get(key);
    if (known !== undefined) return known;
    if (visiting.has(key)) return 0; // a cycle among assets: refused when the catalog is resolved
    visiting.add(key);
    let depth = 0;
    const spec = specs.get(key);
    for (const dep of spec?.deps ?? []) {
      if (selected.has(dep.key)) depth = Math.max(depth, depthOf(dep.key) + (specs.get(dep.key)?.unit === spec?.unit ? 0 : 1));
      else if (specs.has(dep.key)) depth = Math.max(depth, 1);
    }
    visiting.delete(key);
    depths.set(key, depth);
    return depth;
  };
  for (const key of selected) depthOf(key);
  return depths;
}
