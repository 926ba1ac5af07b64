import type { Json } from "../../src/base/canonical-json.js";
import { newId } from "../../src/base/ids.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { NewEvent } from "../../src/model/event.js";
import { layoutOf } from "../../src/model/partitions/partition-layout.js";
import type { PlannedStep, RunPlan } from "../../src/model/run-plan.js";
import type { RunDivision } from "../../src/planning/run-division.js";
import type { NewRun, Owner, RunStore } from "../../src/storage/run-store.js";
import type { UpstreamValue } from "./attempt.js";
import { storedValue } from "./stored-value.js";
import { onlyPartition } from "./given-so-far.js";
import { LEASE_MS } from "./lease.js";

/** Where a run comes from. */
export interface RunOrigin {
  readonly parentRunId?: string;
  readonly rootRunId?: string;
  /** The backfill that asks for it, with the epoch in which this process drives it. */
  readonly backfill?: { readonly id: string; readonly epoch: number };
  /** At most one run per key, for ever. */
  readonly runKey?: string;
}

/** A run that is to be made. */
export interface RunRequest extends RunOrigin {
  readonly plan: RunPlan;
  readonly division: RunDivision;
  readonly selection: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Run configuration with secrets masked. */
  readonly config: Json;
  readonly codeVersion: string;
}

/** Writes the run with all that it plans to do and claims it for this process, in one transaction. */
export async function createAndClaim(
  store: RunStore,
  request: RunRequest,
  owner: Owner,
  nowMs: number,
): Promise<{ runId: string; epoch: number }> {
  const runId = newId();
  const { epoch } = await store.createRun({
    id: runId,
    status: "NOT_STARTED",
    tags: request.tags,
    selection: request.selection,
    codeVersion: request.codeVersion,
    createdAtMs: nowMs,
    ...(request.parentRunId === undefined ? {} : { parentRunId: request.parentRunId }),
    ...(request.rootRunId === undefined ? {} : { rootRunId: request.rootRunId }),
    ...(request.backfill ? { backfill: request.backfill } : {}),
    ...(request.runKey === undefined ? {} : { runKey: request.runKey }),
    plan: request.plan as unknown as Json,
    config: request.config,
    steps: request.plan.steps.map((step) => ({ key: step.key, assets: step.assets })),
    events: plannedEvents(request.plan, request.division, nowMs),
    ...partitionsOf(request),
    claimedBy: { owner, leaseMs: LEASE_MS },
  });
  return { runId, epoch };
}

/** What is divided of the run; those of its events that name no partition are about all of them. */
function partitionsOf({ plan, division }: RunRequest): Pick<NewRun, "partitions"> {
  const { chosen } = division;
  if (!chosen) return {};
  const divided = plan.steps.filter((step) => division.of(step));
  const assets = divided.flatMap((step) => [...step.assets, ...step.checks.map((id) => id.split("#")[0] ?? "")]);
  return { partitions: { layout: layoutOf(chosen.space), indexes: chosen.set, assets: [...new Set(assets)] } };
}

function plannedEvents(plan: RunPlan, division: RunDivision, atMs: number): NewEvent[] {
  const partitionOf = (step: PlannedStep): Pick<NewEvent, "partition"> => onlyPartition(division.of(step));
  return plan.steps.flatMap((step) => [
    ...step.assets.map((assetKey): NewEvent => ({
      type: "ASSET_MATERIALIZATION_PLANNED",
      atMs,
      stepKey: step.key,
      assetKey,
      ...partitionOf(step),
    })),
    ...step.checks.map((id): NewEvent => {
      const [assetKey = "", name = ""] = id.split("#");
      return {
        type: "ASSET_CHECK_EVALUATION_PLANNED",
        atMs,
        stepKey: step.key,
        assetKey,
        ...partitionOf(step),
        payload: { message: name },
      };
    }),
  ]);
}

/** The newest stored value of each of these assets. */
export async function storedValues(store: RunStore, keys: readonly AssetKey[]): Promise<Map<AssetKey, UpstreamValue>> {
  if (keys.length === 0) return new Map();
  const latest = await store.latestMaterializations(keys);
  const values = new Map<AssetKey, UpstreamValue>();
  for (const { assetKey, materialization, observation } of latest) {
    const newest = materialization ?? observation;
    if (newest) values.set(assetKey, storedValue(newest, newest.id));
  }
  return values;
}
