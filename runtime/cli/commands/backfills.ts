import { systemClock } from "../../../src/base/clock.js";
import { RequestError } from "../../../src/base/errors.js";
import { isFinalBackfill } from "../../../src/model/backfill.js";
import { IndexSet } from "../../../src/model/partitions/index-set.js";
import type { BackfillAssetProgress, BackfillProgressRecord, BackfillRecord } from "../../../src/storage/backfill-store.js";
import type { Store } from "../../../src/storage/store.js";
import { storedConduct } from "../../launch/backfill-options.js";
import { liveRuns } from "../../launch/earlier-runs.js";
import { EXIT } from "../exit-codes.js";
import { countOf, durationText, statusText, timeText } from "../format.js";
import { backfillOf, shortId, withStore } from "../project.js";
import type { CommonOptions } from "../program.js";
import { table } from "../table.js";

/** `millrace backfill list` */
export function listBackfills(options: CommonOptions & { readonly limit: string }): Promise<number> {
  return withStore(options, async (store) => {
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1)
      throw new RequestError("CLI.LIMIT", `--limit is ${options.limit}.`, { fix: "Give a whole number, 1 or more." });
    const found = await store.listBackfills({ limit });
    if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`);
    else if (found.length === 0) process.stdout.write("No backfills yet. Try `millrace backfill SELECTION --dry-run`.\n");
    else {
      const rows = found.map(({ id, status, createdAtMs, runCount, asked, who, why }) => [
        shortId(id),
        statusText(status),
        timeText(createdAtMs),
        String(runCount),
        asked,
        [who, why].filter((each) => each !== undefined).join(": "),
      ]);
      process.stdout.write(`${table(["backfill", "status", "asked at", "runs", "what", "who and why"], rows)}\n`);
    }
    return EXIT.ok;
  });
}

/** `millrace backfill show ID` */
export function showBackfill(id: string, options: CommonOptions): Promise<number> {
  return withStore(options, async (store) => {
    const record = await backfillOf(store, id);
    const progress = await store.backfillProgress(record.id);
    process.stdout.write(options.json ? `${JSON.stringify(json(record, progress))}\n` : text(record, progress));
    return EXIT.ok;
  });
}

/** `millrace backfill cancel ID` and `pause ID`: from any terminal. */
export function stopBackfill(id: string, how: "cancel" | "pause", options: CommonOptions): Promise<number> {
  return withStore(options, async (store) => {
    const before = await backfillOf(store, id);
    if (isFinalBackfill(before.status))
      throw new RequestError("BACKFILL.OVER", `Backfill ${before.id} has ended: ${before.status}.`, {
        fix: "There is nothing to stop; see `millrace backfill list`.",
      });
    const after = how === "pause" ? await pause(store, before) : await cancel(store, before);
    if (options.json) process.stdout.write(`${JSON.stringify({ id: after.id, status: after.status })}\n`);
    else
      process.stdout.write(
        `Backfill ${shortId(after.id)} is ${after.status}${how === "pause" ? "; its running runs go on to their ends" : ""}.\n`,
      );
    return EXIT.ok;
  });
}

async function pause(store: Store, { id }: BackfillRecord): Promise<BackfillRecord> {
  await store.pauseBackfill(id);
  return backfillOf(store, id);
}

/** First no run is made any more, then those that run are asked to stop; whoever drives it ends it. */
async function cancel(store: Store, { id }: BackfillRecord): Promise<BackfillRecord> {
  const atMs = systemClock.nowMs();
  await store.cancelBackfill(id, atMs);
  for (const run of await liveRuns(store, id)) await store.requestCancel(run.id, atMs);
  return backfillOf(store, id);
}

function json(record: BackfillRecord, progress: BackfillProgressRecord | undefined): unknown {
  const assets = progress?.assets.map((asset) => ({
    assetKey: asset.assetKey,
    target: asset.indexes.size,
    requested: asset.requested.size,
    materialized: asset.materialized.size,
    failed: asset.failed.size,
    checkFailed: checkFailed(asset).size,
  }));
  return { ...record, runs: progress?.runs ?? {}, assets: assets ?? [] };
}

function text(record: BackfillRecord, progress: BackfillProgressRecord | undefined): string {
  const { id, status, asked, who, why, createdAtMs, endedAtMs, error, driver } = record;
  const { config } = storedConduct(record.options);
  const took = endedAtMs === undefined ? "" : `, took ${durationText(endedAtMs - createdAtMs)}`;
  const rows = (progress?.assets ?? []).map((asset) => {
    const { assetKey, indexes, requested, materialized, failed } = asset;
    const underWay = requested.difference(materialized).difference(failed);
    const sets = [indexes, materialized, checkFailed(asset), failed, underWay, indexes.difference(requested)];
    return [assetKey, ...sets.map(({ size }) => String(size))];
  });
  const runs = Object.entries(progress?.runs ?? {}).map(([name, count]) => `${count} ${statusText(name)}`);
  return [
    `Backfill ${id} ${statusText(status)}`,
    `what ${asked}`,
    ...(who === undefined ? [] : [`who ${who}`]),
    ...(why === undefined ? [] : [`why ${why}`]),
    `asked at ${timeText(createdAtMs)}${took}`,
    `${countOf(record.runCount, "run")}${runs.length === 0 ? "" : `: ${runs.join(", ")}`}`,
    ...(config === undefined ? [] : [`config ${JSON.stringify(config)}`]),
    ...(error === undefined ? [] : [error]),
    ...(driver ? [`Process ${driver.pid} on ${driver.host} drives it.`] : []),
    ...(status === "RUNNING" && !driver ? [`No process drives it: \`millrace backfill resume ${shortId(id)}\`.`] : []),
    "",
    table(["asset", "target", "materialized", "check failed", "failed", "under way", "waiting"], rows),
    "",
  ].join("\n");
}

/** What was materialized and did not pass a check that runs on its own. */
function checkFailed({ materialized, failedChecks }: BackfillAssetProgress): IndexSet {
  return Object.values(failedChecks).reduce((all, set) => all.union(set.intersection(materialized)), IndexSet.empty());
}
