import { IndexSet } from "../../model/partitions/index-set.js";
import type { BackfillGraph } from "./backfill-graph.js";
import { BackfillPlanner } from "./backfill-planner.js";
import { NO_PARTITIONS } from "./next-runs.js";
import type { AssetPartitions } from "./backfill-target.js";
import { runsOf } from "./run-groups.js";

/** How many runs a backfill comes to. */
export interface RunCount {
  readonly runs: number;
  /** Whether there may be more: they follow one another in so many rounds that not all were looked at. */
  readonly isMore: boolean;
}

const MOST_ROUNDS = 2_000;

/** The number of runs that a backfill takes when none fails. @throws {@link RequestError} as `nextRuns` does */
export function countRuns(graph: BackfillGraph, target: AssetPartitions): RunCount {
  const planner = new BackfillPlanner(graph, { target, requested: NO_PARTITIONS, materialized: NO_PARTITIONS, failed: NO_PARTITIONS });
  let runs = 0;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const groups = planner.next();
    if (groups.length === 0) return { runs, isMore: false };
    for (const group of groups) {
      const { assets, partitions, isRanged } = group;
      runs += isRanged ? runsOf(graph, group).length : (partitions?.size ?? 1);
      planner.ended({ assets, partitions }, () => partitions ?? IndexSet.range(0, 1));
    }
  }
  return { runs, isMore: true };
}
