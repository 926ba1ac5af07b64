import type { AssetMoment, AssetStatus, CheckStatus, StatusAnswer } from "../../src/api/status.js";
import type { Clock } from "../../src/base/clock.js";
import type { AssetKey, AssetSpec, CheckSpec } from "../../src/model/asset-spec.js";
import type { Catalog } from "../../src/model/catalog.js";
import type { EventRecord } from "../../src/model/event.js";
import type { RunStatus } from "../../src/model/run.js";
import type { LatestMaterialization, RunStore } from "../../src/storage/run-store.js";

/** What a status is told from. */
export interface StatusSources {
  readonly store: RunStore;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly version: string;
  readonly startedAtMs: number;
}

/** The state of store and runs, and of at most `limit` assets whose key comes after `after`. */
export async function statusAnswer(
  { store, catalog, clock, version, startedAtMs }: StatusSources,
  page: { readonly limit: number; readonly after?: AssetKey },
): Promise<StatusAnswer> {
  const { after } = page;
  const rest = after === undefined ? catalog.assets : catalog.assets.filter(({ key }) => key > after);
  const shown = rest.slice(0, page.limit);
  const [info, runs, latest] = await Promise.all([
    store.info(),
    store.countRuns(),
    shown.length === 0 ? [] : store.latestMaterializations(shown.map(({ key }) => key)),
  ]);
  const runStatus = await statusesOf(store, latest);
  const latestOf = new Map(latest.map((one) => [one.assetKey, one]));
  const checksOf = groupByAsset(catalog.checks);
  const last = shown.at(-1);
  return {
    version,
    node: process.versions.node,
    startedAtMs,
    nowMs: clock.nowMs(),
    store: { path: info.path, schemaVersion: info.schemaVersion, fsync: info.fsync },
    runs,
    assets: {
      total: catalog.assets.length,
      items: shown.map((spec) => assetStatus(spec, checksOf.get(spec.key) ?? [], latestOf.get(spec.key), runStatus)),
      ...(last !== undefined && rest.length > shown.length ? { next: last.key } : {}),
    },
  };
}

/** Each run is asked for once, however many assets it planned. */
async function statusesOf(store: RunStore, latest: readonly LatestMaterialization[]): Promise<ReadonlyMap<string, RunStatus>> {
  const ids = new Set(latest.flatMap(({ lastRunId }) => lastRunId ?? []));
  const runs = await Promise.all([...ids].map((id) => store.getRun(id)));
  return new Map(runs.flatMap((run) => (run ? [[run.id, run.status] as const] : [])));
}

function groupByAsset(checks: readonly CheckSpec[]): ReadonlyMap<AssetKey, readonly CheckSpec[]> {
  const groups = new Map<AssetKey, CheckSpec[]>();
  for (const check of checks) {
    const group = groups.get(check.asset);
    if (group) group.push(check);
    else groups.set(check.asset, [check]);
  }
  return groups;
}

function assetStatus(
  spec: AssetSpec,
  checks: readonly CheckSpec[],
  latest: LatestMaterialization | undefined,
  runStatus: ReadonlyMap<string, RunStatus>,
): AssetStatus {
  const lastStatus = runStatus.get(latest?.lastRunId ?? "");
  return {
    key: spec.key,
    group: spec.group,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    kinds: spec.kinds,
    made: spec.unit === undefined ? "external" : spec.observable ? "observed" : "materialized",
    ...(latest?.materialization ? { lastMaterialization: moment(latest.materialization) } : {}),
    ...(latest?.observation ? { lastObservation: moment(latest.observation) } : {}),
    ...(latest?.failure ? { lastFailure: failure(latest.failure) } : {}),
    ...(latest?.lastRunId !== undefined && lastStatus ? { lastRun: { id: latest.lastRunId, status: lastStatus } } : {}),
    checks: checks.map((check) => checkStatus(check, latest?.checks[check.name])),
  };
}

function moment({ atMs, runId, payload }: EventRecord): AssetMoment {
  return { atMs, runId, ...(payload?.dataVersion === undefined ? {} : { dataVersion: payload.dataVersion }) };
}

function failure({ atMs, runId, payload }: EventRecord): NonNullable<AssetStatus["lastFailure"]> {
  const message = payload?.error?.message ?? payload?.message;
  return { atMs, runId, ...(message === undefined ? {} : { message }) };
}

function checkStatus({ name, blocking }: CheckSpec, event: EventRecord | undefined): CheckStatus {
  const result = event?.payload?.check;
  if (!event || !result) return { name, blocking };
  return { name, blocking, last: { atMs: event.atMs, runId: event.runId, passed: result.passed, severity: result.severity } };
}
