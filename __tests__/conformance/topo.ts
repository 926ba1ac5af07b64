import { isDeepStrictEqual } from "node:util";
import {
  checkId,
  planRun,
  RunState,
  type AssetSpec,
  type CheckSpec,
  type PlannedStep,
  type RunPlan,
  type StepStatus,
  type UnitSpec,
} from "millrace/model";
import type { Suite, Verdict } from "./suite.js";

interface Check {
  readonly name: string;
  readonly asset: string;
  readonly blocking: boolean;
  readonly passed: boolean;
  readonly severity: "ERROR" | "WARN";
  readonly raises?: boolean;
}
interface Unit {
  readonly name: string;
  readonly can_subset: boolean;
  readonly assets: readonly { readonly key: string; readonly deps: readonly string[]; readonly skippable?: boolean }[];
  readonly checks: readonly Check[];
}
interface Given {
  readonly units: readonly Unit[];
  readonly checks: readonly Check[];
  readonly fail: readonly string[];
  readonly omit: readonly string[];
  readonly select:
    null | { readonly assets: readonly string[]; readonly checks: "with" | "without" } | { readonly checks_only: readonly string[] };
}

const STATUS: Partial<Record<StepStatus, string>> = { SUCCESS: "success", FAILURE: "failure", SKIPPED: "skipped", NOT_RUN: "not_run" };

/** Which steps a run has, what they wait for, and what becomes of them after failures, omissions and failed checks. */
export const topo: Suite = {
  name: "topo",
  rules: [],
  judge(test, expect): Verdict {
    const given = test.given as unknown as Given;
    const actual = outcomeOf(given);
    const wanted = normal(expect);
    return isDeepStrictEqual(actual, wanted) ? { passed: true } : { passed: false, expected: wanted, actual };
  },
};

function normal(expect: Readonly<Record<string, unknown>>): unknown {
  if (expect.error !== undefined) return { error: expect.error };
  const steps = (expect.steps as { id: string; assets: string[]; checks: string[]; after: string[]; status: string }[]).map((step) => ({
    id: step.id,
    assets: [...step.assets].sort(),
    checks: [...step.checks].sort(),
    after: [...step.after].sort(),
    status: step.status,
  }));
  return { success: expect.success, steps, materialized: expect.materialized, checks: expect.checks };
}

function outcomeOf(given: Given): unknown {
  const catalog = catalogOf(given);
  let plan: RunPlan;
  try {
    plan = planRun(catalog, selectionOf(given, catalog));
  } catch (error) {
    return { error: (error as { code?: string }).code === "PLAN.UNITS_IN_A_CYCLE" ? "cycle" : "selection" };
  }
  return simulate(given, plan);
}

function catalogOf(given: Given): { assets: AssetSpec[]; checks: CheckSpec[]; units: UnitSpec[] } {
  const assets: AssetSpec[] = [];
  const checks: CheckSpec[] = [];
  const units: UnitSpec[] = [];
  const common = { group: "default", owners: [], tags: {}, kinds: [], metadata: {}, observable: false, partitions: null };
  const add = (check: Check, unit: string): void =>
    void checks.push({ asset: check.asset, name: check.name, unit, blocking: check.blocking, metadata: {}, deps: [] });
  for (const unit of given.units) {
    units.push({
      id: unit.name,
      kind: "multi-asset",
      assets: unit.assets.map((asset) => asset.key),
      checks: unit.checks.map(checkId),
      canSubset: unit.can_subset,
      resources: [],
    });
    for (const { key, deps, skippable } of unit.assets) {
      assets.push({
        ...common,
        key,
        unit: unit.name,
        skippable: skippable === true,
        deps: deps.map((dep) => ({ key: dep, kind: "order", when: "success" })),
      });
    }
    for (const check of unit.checks) add(check, unit.name);
  }
  for (const check of given.checks) {
    units.push({ id: checkId(check), kind: "check", assets: [], checks: [checkId(check)], canSubset: false, resources: [] });
    add(check, checkId(check));
  }
  return { assets, checks, units };
}

function selectionOf(
  given: Given,
  catalog: { readonly assets: readonly AssetSpec[]; readonly checks: readonly CheckSpec[] },
): { assets: readonly string[]; checks: readonly string[] } {
  const { select } = given;
  if (select === null) return { assets: catalog.assets.map((asset) => asset.key), checks: catalog.checks.map(checkId) };
  if ("checks_only" in select) return { assets: [], checks: select.checks_only };
  return {
    assets: select.assets,
    checks: select.checks === "with" ? catalog.checks.filter((check) => select.assets.includes(check.asset)).map(checkId) : [],
  };
}

/** Plays the plan against the pure state, with the computations that the case tells of. */
function simulate(given: Given, plan: RunPlan): unknown {
  const state = new RunState(plan);
  const checks = new Map([...given.units.flatMap((unit) => unit.checks), ...given.checks].map((check) => [checkId(check), check]));
  const results: Record<string, boolean> = {};
  const materialized: string[] = [];
  const evaluate = (id: string): boolean => {
    const check = checks.get(id);
    if (!check || check.raises) return false;
    results[id] = check.passed;
    return check.passed || !check.blocking || check.severity !== "ERROR";
  };
  const run = (step: PlannedStep): boolean => {
    let ok = true;
    for (const key of step.assets) {
      if (given.fail.includes(key)) return false;
      if (given.omit.includes(key)) continue;
      materialized.push(key);
      state.apply({ type: "ASSET_MATERIALIZATION", stepKey: step.key, assetKey: key });
      for (const id of step.checks) if (checks.get(id)?.asset === key) ok = evaluate(id) && ok;
    }
    if (step.assets.length === 0) for (const id of step.checks) ok = evaluate(id) && ok;
    return ok;
  };
  for (;;) {
    const { ready, passed } = state.advance();
    if (ready.length + passed.length === 0) break;
    for (const { step, status } of passed) state.apply({ type: status === "SKIPPED" ? "STEP_SKIPPED" : "STEP_NOT_RUN", stepKey: step.key });
    for (const step of ready) state.apply({ type: run(step) ? "STEP_SUCCESS" : "STEP_FAILURE", stepKey: step.key });
  }
  const steps = plan.steps.map((step) => ({
    id: step.key,
    assets: [...step.assets].sort(),
    checks: [...step.checks].sort(),
    after: [...new Set(step.after.map((edge) => edge.step))].sort(),
    status: STATUS[state.statusOf(step.key)] ?? state.statusOf(step.key),
  }));
  return {
    success: !state.failed,
    steps: steps.sort((a, b) => (a.id < b.id ? -1 : 1)),
    materialized: materialized.sort(),
    checks: results,
  };
}
