import { RequestError } from "../../src/base/errors.js";
import type { AssetKey, DependencySpec } from "../../src/model/asset-spec.js";
import type { Catalog } from "../../src/model/catalog.js";
import { bindMapping } from "../../src/model/partition-mapping/bound-mapping.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import { layoutOf } from "../../src/model/partitions/partition-layout.js";
import { parsePartitions, type PartitionsAsOf } from "../../src/model/partitions/partition-space.js";
import { BackfillGraph, type BackfillAsset } from "../../src/planning/backfill/backfill-graph.js";
import { allPartitionsOf, partitionsFromRoots, type AssetPartitions } from "../../src/planning/backfill/backfill-target.js";
import { countRuns, type RunCount } from "../../src/planning/backfill/count-runs.js";
import { neededUpstream } from "../../src/planning/backfill/ready-partitions.js";
import type { StalenessIndex } from "../../src/planning/staleness/staleness-index.js";
import type { Store } from "../../src/storage/store.js";
import type { ResolvedDefinitions } from "../scan/bindings.js";
import { backfillReasons, type BackfillReason } from "./backfill-reasons.js";
import type { BackfillOptions, Reprocess } from "./backfill-options.js";

/** What a backfill would do. */
export interface PlannedBackfill {
  readonly graph: BackfillGraph;
  /** Assets without a partition to make are left out. */
  readonly target: AssetPartitions;
  readonly count: RunCount;
  /** Why each of them is made. */
  readonly why: ReadonlyMap<AssetKey, BackfillReason>;
}

/** What planning needs of the project. */
export interface PlanningGround {
  readonly store: Store;
  readonly resolved: ResolvedDefinitions;
  /** All keys, each behind those that it needs. */
  readonly order: readonly AssetKey[];
  readonly asOf: PartitionsAsOf;
  /** What of these assets is fresh. */
  staleness(keys: readonly AssetKey[]): Promise<StalenessIndex>;
}

/**
 * Finds what a backfill of these assets is to make.
 * @throws {@link RequestError} for unknown partitions, first assets that are divided differently, upstream that does not exist, or when nothing is left to make
 */
export async function planBackfill(
  ground: PlanningGround,
  selected: readonly AssetKey[],
  options: Pick<BackfillOptions, "partitions" | "reprocess">,
): Promise<PlannedBackfill> {
  const specs = new Map(ground.resolved.catalog.assets.map((spec) => [spec.key, spec]));
  const keys = ground.order.filter((key) => selected.includes(key) && specs.get(key)?.unit !== undefined && !specs.get(key)?.observable);
  const whole = graphOf(ground, ground.order);
  const { partitions } = options;
  const asked =
    partitions === undefined
      ? allPartitionsOf(whole, keys)
      : partitionsFromRoots(whole, keys, (key) => {
          const space = whole.space(key);
          return space ? parsePartitions(space, partitions) : IndexSet.empty();
        });
  const graph = graphOf(ground, keys);
  const { reprocess = "all" } = options;
  const index = reprocess === "stale" ? await ground.staleness([...asked.keys()]) : undefined;
  const target = await wanted(ground.store, graph, asked, { reprocess, index });
  if (target.size === 0) throw nothingLeft(reprocess, keys);
  for (const [key, set] of target) for (const edge of graph.upstream(key)) if (target.has(edge.up)) neededUpstream(edge, set);
  const why = backfillReasons({ whole, target, reprocess, isNamed: partitions !== undefined, index });
  return { graph, target, count: countRuns(graph, target), why };
}

/** These assets as a backfill sees them. */
export function graphOf({ resolved, asOf }: Pick<PlanningGround, "resolved" | "asOf">, keys: readonly AssetKey[]): BackfillGraph {
  const specs = new Map(resolved.catalog.assets.map((spec) => [spec.key, spec]));
  const units = new Map(resolved.catalog.units.map((unit) => [unit.id, unit]));
  const neededByChecks = checkDependencies(resolved.catalog);
  const assets = keys.flatMap((key): BackfillAsset[] => {
    const spec = specs.get(key);
    if (!spec) return [];
    const unit = units.get(spec.unit ?? "");
    const isWhole = unit !== undefined && !unit.canSubset && unit.assets.length > 1;
    const deps = [...spec.deps, ...neededByChecks(key)].map(({ key: up, mapping }) => ({
      key: up,
      ...(mapping ? { mapping: bindMapping(mapping, resolved.bindings.mappings) } : {}),
    }));
    return [
      {
        key,
        partitions: spec.partitions,
        deps,
        ...(spec.backfillPolicy ? { policy: spec.backfillPolicy } : {}),
        ...(isWhole ? { unit: unit.id } : {}),
      },
    ];
  });
  return new BackfillGraph(assets, asOf);
}

/** What the checks of an asset, which run with it, need beside it: that must be there before. What is made from the asset itself cannot be. */
function checkDependencies({ assets, checks }: Catalog): (key: AssetKey) => readonly DependencySpec[] {
  const downstream = new Map<AssetKey, AssetKey[]>();
  for (const { key, deps } of assets) for (const { key: up } of deps) downstream.set(up, [...(downstream.get(up) ?? []), key]);
  const isBelow = (key: AssetKey, from: AssetKey, seen = new Set<AssetKey>()): boolean =>
    (downstream.get(from) ?? []).some((each) => {
      if (each === key) return true;
      if (seen.has(each)) return false;
      seen.add(each);
      return isBelow(key, each, seen);
    });
  return (key) =>
    checks.filter(({ asset }) => asset === key).flatMap(({ deps }) => deps.filter((dep) => dep.key !== key && !isBelow(dep.key, key)));
}

/** Of these partitions those that are to be made; assets that are made together get the same. */
async function wanted(
  store: Store,
  graph: BackfillGraph,
  asked: AssetPartitions,
  { reprocess, index }: { readonly reprocess: Reprocess; readonly index: StalenessIndex | undefined },
): Promise<AssetPartitions> {
  const chosen = new Map<AssetKey, IndexSet>();
  for (const [key, set] of asked) {
    if (reprocess === "all") chosen.set(key, set);
    else if (index) chosen.set(key, set.difference(index.partitionsThatAre("fresh", key)));
    else chosen.set(key, await ofStatus(store, graph, { key, set, reprocess }));
  }
  const target = new Map<AssetKey, IndexSet>();
  for (const key of asked.keys()) {
    const all = graph
      .mates(key)
      .reduce((sum, mate) => sum.union(chosen.get(mate) ?? IndexSet.empty()), chosen.get(key) ?? IndexSet.empty());
    if (all.size > 0) target.set(key, all);
  }
  return target;
}

interface OfAsset {
  readonly key: AssetKey;
  readonly set: IndexSet;
  readonly reprocess: Reprocess;
}

async function ofStatus(store: Store, graph: BackfillGraph, { key, set, reprocess }: OfAsset): Promise<IndexSet> {
  const space = graph.space(key);
  if (space) {
    const { materialized, failed } = await store.partitionStatus(key, layoutOf(space));
    return reprocess === "missing" ? set.difference(materialized) : set.intersection(failed);
  }
  const [latest] = await store.latestMaterializations([key]);
  const hasFailed = (latest?.failure?.id ?? 0) > (latest?.materialization?.id ?? 0);
  return (reprocess === "missing" ? !latest?.materialization : hasFailed) ? set : IndexSet.empty();
}

function nothingLeft(reprocess: Reprocess, keys: readonly AssetKey[]): RequestError {
  if (keys.length === 0)
    return new RequestError("PLAN.NOTHING_SELECTED", "The selection holds nothing that can be materialized.", {
      fix: "Run `millrace list` to see what there is.",
    });
  const what = {
    all: "has a partition",
    missing: "has a partition that is missing",
    failed: "has a partition that failed",
    stale: "has a partition that is stale or missing",
  }[reprocess];
  return new RequestError(
    "BACKFILL.EMPTY",
    `There is nothing to backfill: none of ${keys.length === 1 ? `"${keys[0]}"` : `${keys.length} assets`} ${what}.`,
    {
      fix: reprocess === "all" ? "See `millrace partitions KEY` for what there is." : `Leave --${reprocess} out to make all of them again.`,
    },
  );
}
