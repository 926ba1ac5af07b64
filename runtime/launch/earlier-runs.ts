import type { AssetKey } from "../../src/model/asset-spec.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import { isFinal, RUN_STATUSES, type RunRecord } from "../../src/model/run.js";
import type { RunPartitions, RunPlan } from "../../src/model/run-plan.js";
import type { BackfillGraph } from "../../src/planning/backfill/backfill-graph.js";
import type { Store } from "../../src/storage/store.js";

/** Runs of a backfill that ended without success, before the process that drives it now. */
export interface EarlierRuns {
  /** How many there are of the same assets and partitions, by {@link runKeyBase}. */
  readonly count: ReadonlyMap<string, number>;
  /** Those that were cut off: their process is gone, or they were canceled. */
  readonly cutOff: readonly RunRecord[];
}

const PAGE = 500;

/** A text that is equal for runs of the same assets and partitions. */
export function runKeyBase(assets: readonly AssetKey[], partitions: RunPartitions | undefined): string {
  return JSON.stringify([[...assets].sort(), partitions?.ranges ?? null]);
}

export async function earlierRuns(store: Store, backfillId: string): Promise<EarlierRuns> {
  const count = new Map<string, number>();
  const cutOff: RunRecord[] = [];
  for (let beforeId: string | undefined; ;) {
    const page = await store.listRuns({
      backfillId,
      statuses: ["FAILURE", "CANCELED"],
      limit: PAGE,
      ...(beforeId === undefined ? {} : { beforeId }),
    });
    for (const run of page) {
      const plan = run.plan as unknown as RunPlan;
      const base = runKeyBase(assetsOf(plan), plan.partitions);
      count.set(base, (count.get(base) ?? 0) + 1);
      if (run.status === "CANCELED" || (await isCutOff(store, run))) cutOff.push(run);
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) return { count, cutOff };
    beforeId = last.id;
  }
}

/** Whether the process of a failed run was gone before its steps could end. */
async function isCutOff(store: Store, run: RunRecord): Promise<boolean> {
  const { stepCounts } = run;
  for (let afterSeq = 0; ;) {
    const page = await store.events({ runId: run.id, afterSeq, limit: PAGE });
    if (page.some(({ type }) => type === "ATTEMPT_LOST")) return true;
    if (page.some(({ type }) => type === "STEP_FAILURE" || type === "RESOURCE_INIT_FAILURE")) return false;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return (stepCounts.NOT_RUN ?? 0) > 0;
    afterSeq = last.seq;
  }
}

function assetsOf(plan: RunPlan): AssetKey[] {
  return plan.steps.flatMap((step) => step.assets);
}

/** The partitions that these runs were to make, by asset. */
export function partitionsOfRuns(runs: readonly RunRecord[], graph: BackfillGraph): Map<AssetKey, IndexSet> {
  const all = new Map<AssetKey, IndexSet>();
  for (const run of runs) {
    const plan = run.plan as unknown as RunPlan;
    for (const key of assetsOf(plan)) all.set(key, (all.get(key) ?? IndexSet.empty()).union(setOf(plan, graph, key)));
  }
  return all;
}

function setOf({ partitions }: RunPlan, graph: BackfillGraph, key: AssetKey): IndexSet {
  const space = graph.space(key);
  if (!space || !partitions) return IndexSet.range(0, 1);
  return IndexSet.of(
    partitions.ranges.flatMap(([first, last]) => {
      const [from, to] = [space.indexOf(first), space.indexOf(last)];
      return from === undefined || to === undefined ? [] : [[from, to + 1] as const];
    }),
  );
}

/** The runs of a backfill that have not ended. */
export function liveRuns(store: Store, backfillId: string): Promise<readonly RunRecord[]> {
  return store.listRuns({ backfillId, statuses: RUN_STATUSES.filter((status) => !isFinal(status)), limit: 10_000 });
}
