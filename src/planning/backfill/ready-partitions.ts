import { RequestError } from "../../base/errors.js";
import type { AssetKey } from "../../model/asset-spec.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import { dividedAlike, type BackfillAsset, type BackfillEdge, type BackfillGraph } from "./backfill-graph.js";
import { partitionsOf as of, type BackfillProgress } from "./backfill-progress.js";
import type { AssetPartitions } from "./backfill-target.js";

/** One look at a backfill, which goes through its assets, upstream first, and chooses what is asked for now. */
export interface Look {
  readonly graph: BackfillGraph;
  readonly progress: BackfillProgress;
  readonly lost: AssetPartitions;
  /** Partitions that may be looked at although nothing that they need is there. */
  readonly roots: AssetPartitions;
  /** What was chosen so far. */
  readonly chosen: Map<AssetKey, IndexSet>;
}

/** Assets of one computation that cannot make some of them; most are one asset. */
export type BackfillUnit = readonly BackfillAsset[];

/** What all assets of a unit can be asked for now; of these partitions only, if some are given. */
export function readyOfUnit(look: Look, unit: BackfillUnit, among?: IndexSet): IndexSet {
  const reached = reachedOfUnit(look, unit, among);
  let ready = reached;
  for (const asset of unit) ready = readyOfAsset(look, { unit, reached }, asset, ready);
  return ready;
}

/**
 * Whether what is ready depends on more than what each partition needs for itself: the assets may have to wait as a whole, or can make earlier
 * partitions, or each other's, in the same run. Otherwise {@link readyOfUnit} may be asked about some partitions alone.
 */
export function isReadyAsAWhole({ graph, chosen }: Look, unit: BackfillUnit): boolean {
  return unit.some((asset) =>
    graph.upstream(asset.key).some(({ up }) => {
      if (up === asset.key) return asset.policy !== undefined;
      return of(chosen, up).size > 0 || unit.some(({ key }) => key === up);
    }),
  );
}

/** No other of these partitions are ready, and not all of them need be. */
export function mayBeReady(look: Look, unit: BackfillUnit, among: IndexSet): IndexSet {
  let ready = reachedOfUnit(look, unit, among);
  for (const asset of unit) {
    ready = wantedOf(look, asset.key, ready);
    for (const edge of look.graph.upstream(asset.key)) {
      if (ready.size === 0 || unit.some(({ key }) => key === edge.up)) continue;
      const absent = absentUpstream(look, edge, ready).difference(of(look.chosen, edge.up));
      if (absent.size > 0) ready = ready.difference(edge.mapper.downstreamOf(absent));
    }
  }
  return ready;
}

/** Targeted partitions that may be looked at now, because something that they need has ended, or was chosen. */
function reachedOfUnit({ graph, progress, chosen, roots }: Look, unit: BackfillUnit, among?: IndexSet): IndexSet {
  const { target, materialized, failed } = progress;
  let reached = IndexSet.empty();
  for (const { key } of unit) {
    const upstream = graph.upstream(key);
    const ended = upstream.some(({ up }) => of(materialized, up).size > 0 || of(failed, up).size > 0);
    const sets = ended ? [of(target, key)] : upstream.map((edge) => edge.mapper.downstreamOf(of(chosen, edge.up)));
    for (const set of [...sets, of(roots, key)]) reached = reached.union(set);
  }
  return among ? reached.intersection(among) : reached;
}

/** Of these what is targeted, was not asked for and is not lost. */
function wantedOf({ progress, lost }: Look, key: AssetKey, looked: IndexSet): IndexSet {
  return looked
    .intersection(of(progress.target, key))
    .difference(of(progress.requested, key))
    .difference(of(progress.materialized, key))
    .difference(of(lost, key));
}

interface Within {
  readonly unit: BackfillUnit;
  readonly reached: IndexSet;
}

/** Those of the partitions that can be asked for, as far as one asset of the unit is concerned. */
function readyOfAsset(look: Look, within: Within, { key, policy }: BackfillAsset, looked: IndexSet): IndexSet {
  let ready = wantedOf(look, key, looked);
  const edges = [...look.graph.upstream(key)].sort((a, b) => (a.up < b.up ? -1 : 1));
  const upstreamIsChosen = edges.some(({ up }) => of(look.chosen, up).size > 0);
  for (const edge of edges) {
    if (ready.size === 0) return ready;
    const absent = absentUpstream(look, edge, ready);
    const waiting = edge.mapper.downstreamOf(absent).intersection(ready);
    if (waiting.size > 0 && !mayRunTogether(look, { ...within, ready, absent }, edge)) {
      // A part of the asset in another run than an upstream that is asked for now would not see what it needs: it waits as a whole.
      if (edge.up !== key && upstreamIsChosen) return IndexSet.empty();
      ready = ready.difference(waiting);
    }
    if (edge.up === key) ready = firstOf(ready, policy?.maxPartitionsPerRun);
  }
  return ready;
}

/** An asset that needs its own earlier partitions gets one run at a time. */
function firstOf(ready: IndexSet, most: number | "all" | undefined): IndexSet {
  if (most === undefined || most === "all" || ready.size <= most) return ready;
  return ready.intersection(IndexSet.range(0, ready.at(most) ?? 0));
}

/** Partitions of the upstream that these need, that are targeted, and that are not materialized yet. */
function absentUpstream({ progress }: Look, edge: BackfillEdge, ready: IndexSet): IndexSet {
  return neededUpstream(edge, ready).intersection(of(progress.target, edge.up)).difference(of(progress.materialized, edge.up));
}

/**
 * Partitions of the upstream that these need.
 * @throws {@link RequestError} `REQUEST.BACKFILL_UPSTREAM` if one of them does not exist
 */
export function neededUpstream(edge: BackfillEdge, downstream: IndexSet): IndexSet {
  const { partitions, nonexistent } = edge.mapper.upstreamOf(downstream);
  const [missing] = nonexistent;
  if (!missing || missing.count === 0) return partitions;
  throw new RequestError(
    "REQUEST.BACKFILL_UPSTREAM",
    `"${edge.down}" needs partition "${missing.keyAt(0)}" of "${edge.up}", which does not exist.`,
    { fix: "Leave the partitions that need it out, or set allowNonexistentUpstream on the mapping." },
  );
}

/** Whether the upstream may be made in the same run as all that is ready of what needs it. */
function mayRunTogether(
  { graph, progress, chosen: all }: Look,
  { unit, reached, ready, absent }: Within & { readonly ready: IndexSet; readonly absent: IndexSet },
  edge: BackfillEdge,
): boolean {
  const [up, down] = [graph.asset(edge.up), graph.asset(edge.down)];
  const isItself = edge.up === edge.down;
  const chosen = of(all, edge.up);
  if (!isItself && !chosen.equals(ready) && !(unit.includes(up) && reached.equals(ready))) return false;
  if (up.policy?.maxPartitionsPerRun !== down.policy?.maxPartitionsPerRun || !dividedAlike(up, down)) return false;
  const needsItself = graph.upstream(edge.down).some((each) => each.up === edge.down);
  if (needsItself && !unit.includes(up) && chosen.size > 0) return false;
  const most = up.policy?.maxPartitionsPerRun;
  if (isItself) return most !== undefined && absent.isSubsetOf(ready);
  const target = of(progress.target, edge.up);
  return (
    isIdentity(edge, up) ||
    (most !== undefined &&
      target.equals(of(progress.target, edge.down)) &&
      (most === "all" || most > chosen.size) &&
      chosen.size === target.size)
  );
}

function isIdentity({ mapping }: BackfillEdge, up: BackfillAsset): boolean {
  if (mapping.kind === "time-window") return (mapping.startOffset ?? 0) === 0 && (mapping.endOffset ?? 0) === 0;
  return mapping.kind === "identity" || up.partitions === null;
}
