import { RequestError } from "../../src/base/errors.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { EventRecord } from "../../src/model/event.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import { openPartitions, type PartitionsAsOf } from "../../src/model/partitions/partition-space.js";
import type { PartitionsDefinition } from "../../src/model/partitions/partitions-definition.js";
import { isFinal, type RunRecord } from "../../src/model/run.js";
import type { PlannedStep, RunPartitions, RunPlan } from "../../src/model/run-plan.js";
import { planRun, type PlanSelection } from "../../src/planning/plan-run.js";
import { runPartitions, setOfRun, sharedPartitions } from "../../src/planning/run-partitions.js";
import type { Store } from "../../src/storage/store.js";
import type { ResolvedDefinitions } from "../scan/bindings.js";
import { givenPartitions } from "./launched-partitions.js";

/** What planning a retry needs of a session. */
export interface RetryWorld {
  readonly resolved: ResolvedDefinitions;
  readonly store: Store;
  asOf(definitions: readonly (PartitionsDefinition | null)[]): Promise<PartitionsAsOf>;
}

/**
 * A plan of what did not succeed in a run that has ended, by the definitions of now.
 * @throws {@link RequestError} when it has not ended, or everything succeeded
 */
export async function planRetry(world: RetryWorld, run: RunRecord): Promise<RunPlan> {
  const { resolved, store } = world;
  if (!isFinal(run.status))
    throw new RequestError("RUN.NOT_ENDED", `Run ${run.id} is ${run.status}.`, {
      fix: `Wait for it, or cancel it: \`millrace cancel ${run.id}\`.`,
    });
  const plan = run.plan as unknown as RunPlan;
  const left = await stepsLeft(store, run.id, plan);
  if (left.length === 0)
    throw new RequestError("RUN.NOTHING_TO_RETRY", `Every step of run ${run.id} succeeded.`, { fix: "Materialize what you want again." });
  const given = await givenIn(world, run.id, left);
  const selection = {
    assets: left.flatMap((step) => step.assets.filter((key) => !given.has(key))),
    checks: left.flatMap((step) => step.checks.filter((id) => step.assets.length === 0 || !given.has(id.split("#")[0] ?? ""))),
  };
  return planRun(resolved.catalog, selection, await partitionsLeft(world, { runId: run.id, plan }, selection));
}

/** What a failed step gave before it failed, where its computation can give the rest alone; not what a blocking check of its own held back. */
async function givenIn({ resolved, store }: RetryWorld, runId: string, steps: readonly PlannedStep[]): Promise<ReadonlySet<AssetKey>> {
  const divisible = new Set(resolved.catalog.units.filter((unit) => unit.canSubset).map((unit) => unit.id));
  const keys = steps.filter((step) => divisible.has(step.unit)).flatMap((step) => step.assets);
  if (keys.length === 0) return new Set();
  const latest = await store.latestMaterializations(keys);
  const given = latest.filter(({ materialization, checks }) => materialization?.runId === runId && !Object.values(checks).some(holdsBack));
  return new Set(given.map(({ assetKey }) => assetKey));
}

/** The partitions of the earlier run of which some asset that is left was not given. */
async function partitionsLeft(
  { resolved, store, asOf }: RetryWorld,
  { runId, plan: { partitions } }: { readonly runId: string; readonly plan: RunPlan },
  selection: PlanSelection,
): Promise<RunPartitions | undefined> {
  const definition = sharedPartitions(resolved.catalog, selection);
  if (!partitions || definition === null) return undefined;
  const space = openPartitions(definition, await asOf([definition]));
  const all = setOfRun(space, partitions);
  const divided = new Set(resolved.catalog.assets.filter((spec) => spec.partitions).map((spec) => spec.key));
  const keys = selection.assets.filter((key) => divided.has(key));
  if (all.size === 1 || keys.length === 0) return runPartitions(space, all);
  const given = await givenPartitions(store, runId, space);
  const left = keys.reduce((sum, key) => sum.union(all.difference(given.get(key) ?? IndexSet.empty())), IndexSet.empty());
  return runPartitions(space, left.size === 0 ? all : left);
}

/** Whether this evaluation keeps what is made from its asset from running. */
function holdsBack({ payload }: EventRecord): boolean {
  const { blocking, passed, severity } = payload?.check ?? {};
  return blocking === true && passed === false && severity === "ERROR";
}

/** What did not succeed. A step that was skipped runs again only when the one because of which it was skipped does. */
async function stepsLeft(store: Store, runId: string, plan: RunPlan): Promise<PlannedStep[]> {
  const statuses = new Map((await store.steps(runId)).map((step) => [step.key, step.status]));
  const causes = [...statuses.values()].includes("SKIPPED") ? await causesOfSkips(store, runId) : undefined;
  const left = new Set<string>();
  for (const { key } of plan.steps) {
    const status = statuses.get(key);
    if (status === "SUCCESS" || status === "REUSED" || (status === "SKIPPED" && !left.has(causes?.get(key) ?? ""))) continue;
    left.add(key);
  }
  return plan.steps.filter((step) => left.has(step.key));
}

async function causesOfSkips(store: Store, runId: string): Promise<Map<string, string>> {
  const causes = new Map<string, string>();
  for (let afterSeq = 0; ;) {
    const page = await store.events({ runId, afterSeq, limit: 1_000 });
    for (const { type, stepKey, payload } of page)
      if (type === "STEP_SKIPPED" && stepKey !== undefined && payload?.reason !== undefined) causes.set(stepKey, payload.reason);
    const last = page.at(-1);
    if (!last || page.length < 1_000) return causes;
    afterSeq = last.seq;
  }
}
