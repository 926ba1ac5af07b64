import type { NewEvent } from "../../src/model/event";
import { IndexSet, type IndexRange } from "../../src/model/partitions/index-set";
import { layoutOf } from "../../src/model/partitions/partition-layout";
import { openPartitions } from "../../src/model/partitions/partition-space";
import type { TimePartitions } from "../../src/model/partitions/partitions-definition";
import type { BackfillClaim } from "../../src/storage/backfill-store";
import type { NewRun } from "../../src/storage/run-store";
import type { Store } from "../../src/storage/store";

type Me = NonNullable<NewRun["claimedBy"]>["owner"];

const hours: TimePartitions = {
  kind: "time",
  cron: "0 * * * *",
  timezone: "UTC",
  start: "1900-01-01",
  endOffset: 0,
  fmt: "%Y-%m-%d-%H:%M",
  exclusions: [],
};
const space = openPartitions(hours, { nowMs: Date.UTC(2100, 0, 1) });
const layout = layoutOf(space);
/** One partition in each of so many chunks that the changes of a run are folded when it ends. */
const FAR_APART: readonly IndexRange[] = Array.from({ length: 300 }, (_, chunk) => [chunk * 4_096, chunk * 4_096 + 1] as const);

/** Every statement about partitions, dynamic keys and backfills; a run in the middle is left to be repaired. */
export async function partitionsAndBackfills(store: Store, me: Me): Promise<void> {
  const target = { assetKey: "x", layout, indexes: IndexSet.of(FAR_APART) };
  await store.createBackfill({ id: "fill", tags: {}, createdAtMs: 1, asked: "x", options: {}, targets: [target] });
  const claim = { driver: me, nowMs: 2, leaseMs: 60_000 };
  await store.claimBackfill("fill", claim);
  await store.renewBackfill("fill", 1, 1e15);
  for (const [turn, type] of (["ASSET_FAILED_TO_MATERIALIZE", "ASSET_MATERIALIZATION"] as const).entries()) {
    await ended(store, me, `fill-${turn}`, target.indexes, type);
    await ended(store, me, `fill-${turn}-again`, target.indexes, type);
    await store.partitionStatus("x", layout); // after it the changes are folded
  }
  await driversOfBackfills(store, { ...claim, driver: { ...me, processStartedAt: "0" } });
  await store.wipe({ assetKey: "x", partitions: { layout, indexes: IndexSet.range(0, 1) }, nowMs: 3 });
  await ended(store, me, "wiped", IndexSet.range(1, 2), "ASSET_MATERIALIZATION", "y");
  await store.wipe({ assetKey: "y", partitions: "all", nowMs: 4 });
  await ended(store, me, "last", IndexSet.range(2, 3), "ASSET_MATERIALIZATION", "y");
  await store.addDynamicPartitions("cities", ["Rome", "Oslo"]);
  await store.deleteDynamicPartitions("cities", ["Rome"]);
}

/** Ends a drive, and leaves three to be repaired: of a backfill that ran, that was paused, and that was being canceled. */
async function driversOfBackfills(store: Store, claim: BackfillClaim): Promise<void> {
  await store.releaseBackfill("fill", 1, { status: "FAILURE", atMs: 3, error: "not this time" });
  await store.claimBackfill("fill", { ...claim, again: true });
  for (const id of ["paused", "canceled"]) {
    await store.createBackfill({ id, tags: {}, createdAtMs: 1, asked: "z", options: {}, targets: [] });
    await store.claimBackfill(id, claim);
  }
  await store.pauseBackfill("paused");
  await store.cancelBackfill("canceled", 3);
}

/** A run of one step that ends with an event for each of its partitions. */
async function ended(store: Store, me: Me, id: string, indexes: IndexSet, type: NewEvent["type"], assetKey = "x"): Promise<void> {
  await store.createRun({
    id,
    tags: {},
    selection: assetKey,
    codeVersion: "v1",
    createdAtMs: 1,
    plan: { steps: [{ key: assetKey, assets: [assetKey], unit: assetKey, checks: [], after: [] }] },
    config: {},
    steps: [{ key: assetKey, assets: [assetKey] }],
    events: [],
    status: "NOT_STARTED",
    claimedBy: { owner: me, leaseMs: 60_000 },
    partitions: { layout, indexes, assets: [assetKey] },
    runKey: `fill/${id}`,
    ...(assetKey === "x" ? { backfill: { id: "fill", epoch: 1 } } : {}),
  });
  const batch = { runId: id, epoch: 1, nowMs: 3, completions: [], claims: [], transitions: [], events: [] };
  const step = { stepKey: assetKey, attempt: 1, attemptId: `${id}-${assetKey}` };
  await store.commit({ ...batch, claims: [{ ...step, nowMs: 3, leaseUntilMs: 9 }] });
  const events = [...indexes].map((index): NewEvent => ({ type, atMs: 3, stepKey: assetKey, attempt: 1, assetKey, partition: { key: space.keyAt(index), index } })); // prettier-ignore
  const outcome = type === "ASSET_MATERIALIZATION" ? "SUCCESS" : "FAILURE";
  await store.commit({
    ...batch,
    completions: [{ ...step, outcome, stepStatus: outcome, startedAtMs: 3, atMs: 3, events: [...events, { type: `STEP_${outcome}`, atMs: 3, stepKey: assetKey, attempt: 1 }] }],
    events: [{ type: `RUN_${outcome}`, atMs: 3 }],
    end: { status: outcome, atMs: 3 },
  }); // prettier-ignore
}
