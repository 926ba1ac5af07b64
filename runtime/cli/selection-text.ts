import type { RunRecord } from "../../src/model/run.js";
import type { RunPlan } from "../../src/model/run-plan.js";
import { textOf } from "../../src/planning/run-partitions.js";

/** What a run was asked for: its selection, and its partitions if it has some. */
export function selectionText(run: Pick<RunRecord, "selection" | "plan">): string {
  const partitions = partitionsText(run);
  return partitions === "" ? run.selection : `${run.selection} for ${partitions}`;
}

/** The partitions of a run, e.g. `2025-01-01...2025-01-31`; empty where nothing of it is divided. */
export function partitionsText({ plan }: Pick<RunRecord, "plan">): string {
  const { partitions } = plan as unknown as Partial<RunPlan>;
  return partitions ? textOf(partitions) : "";
}
