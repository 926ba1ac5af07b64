import type { AssetKey } from "../../src/model/asset-spec.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import { isFinal, RUN_STATUSES, type RunRecord } from "../../src/model/run.js";
import type { RunPlan } from "../../src/model/run-plan.js";
import type { BackfillGraph } from "../../src/planning/backfill/backfill-graph.js";
import type { BackfillRecord } from "../../src/storage/backfill-store.js";
import type { Store } from "../../src/storage/store.js";

/** Runs of a backfill that ended without success since it was last retried. */
export interface EarlierRuns {
  /** Those that were cut off: their process is gone, or they were canceled. */
  readonly cutOff: readonly RunRecord[];
  /** How many failed by themselves. */
  readonly failures: number;
}

const PAGE = 500;

export async function earlierRuns(store: Store, { id: backfillId, retriedAfter }: BackfillRecord): Promise<EarlierRuns> {
  const cutOff: RunRecord[] = [];
  let failures = 0;
  for (let beforeId: string | undefined; ;) {
    const page = await store.listRuns({
      backfillId,
      statuses: ["FAILURE", "CANCELED"],
      limit: PAGE,
      ...(beforeId === undefined ? {} : { beforeId }),
      ...(retriedAfter === undefined ? {} : { afterId: retriedAfter }),
    });
    for (const run of page) {
      if (run.status === "CANCELED" || (await isCutOff(store, run))) cutOff.push(run);
      else failures += 1;
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) return { cutOff, failures };
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
