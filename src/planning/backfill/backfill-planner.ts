import type { AssetKey } from "../../model/asset-spec.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import type { BackfillGraph } from "./backfill-graph.js";
import { addLost, lostPartitions, partitionsOf as of, underWay, type BackfillProgress } from "./backfill-progress.js";
import type { AssetPartitions } from "./backfill-target.js";
import { isRanged, NO_PARTITIONS, rootPartitions, targetedAncestors, unitsOf } from "./next-runs.js";
import { isReadyAsAWhole, mayBeReady, readyOfUnit, type BackfillUnit, type Look } from "./ready-partitions.js";
import { groupsOf, type BackfillRun, type RunGroup } from "./run-groups.js";

/**
 * Decides as `nextRuns` with `keepRangesWhole` does, and remembers what it has looked at: the end of a run costs what depends on it, not the
 * whole target.
 */
export class BackfillPlanner {
  readonly graph: BackfillGraph;
  readonly #target: AssetPartitions;
  readonly #requested: Map<AssetKey, IndexSet>;
  readonly #materialized: Map<AssetKey, IndexSet>;
  readonly #failed: Map<AssetKey, IndexSet>;
  readonly #lost: Map<AssetKey, IndexSet>;
  readonly #units: readonly BackfillUnit[];
  readonly #unitOf = new Map<AssetKey, BackfillUnit>();
  readonly #ancestors = new Map<BackfillUnit, readonly AssetKey[]>();
  /** Partitions that may have become ready since they were looked at. */
  readonly #fresh = new Map<BackfillUnit, IndexSet>();
  /** How many partitions are in runs that have not ended. */
  readonly #underWay = new Map<AssetKey, number>();

  constructor(graph: BackfillGraph, progress: BackfillProgress) {
    this.graph = graph;
    this.#target = progress.target;
    this.#requested = new Map(progress.requested);
    this.#materialized = new Map(progress.materialized);
    this.#failed = new Map(progress.failed);
    this.#lost = new Map(lostPartitions(graph, progress));
    this.#units = unitsOf(graph, progress.target);
    for (const [key] of progress.requested) this.#countUnderWay(key, underWay(progress, key).size);
    for (const unit of this.#units) {
      for (const { key } of unit) {
        this.#unitOf.set(key, unit);
        this.#look(key, of(this.#target, key));
      }
      if (isRanged(unit)) this.#ancestors.set(unit, targetedAncestors(graph, progress.target, unit));
    }
  }

  get progress(): BackfillProgress {
    return { target: this.#target, requested: this.#requested, materialized: this.#materialized, failed: this.#failed };
  }

  /** Targeted partitions that failed, or that need one that did. */
  get lost(): AssetPartitions {
    return this.#lost;
  }

  get isIdle(): boolean {
    return this.#underWay.size === 0;
  }

  /** The runs that can be asked for now; they count as asked for from then on. */
  next(): RunGroup[] {
    const isBegun = [...this.#requested.values()].some((set) => set.size > 0);
    const roots = rootPartitions(this.graph, this.#target);
    let chosen = this.#choose(isBegun ? NO_PARTITIONS : roots);
    if (isBegun && chosen.size === 0 && this.isIdle) {
      for (const [key, set] of roots) this.#look(key, set.difference(of(this.#requested, key)));
      chosen = this.#choose(roots);
    }
    for (const [key, set] of chosen) {
      this.#requested.set(key, of(this.#requested, key).union(set));
      this.#countUnderWay(key, set.size);
    }
    return groupsOf(this.graph, chosen);
  }

  /** Takes the end of a run: what it materialized, the rest of it failed. */
  ended({ assets, partitions }: BackfillRun, materialized: (key: AssetKey) => IndexSet): void {
    const set = partitions ?? UNDIVIDED;
    for (const key of assets) {
      const isFirst = of(this.#materialized, key).size === 0 && of(this.#failed, key).size === 0;
      const made = materialized(key).intersection(set);
      const failed = set.difference(made);
      this.#countUnderWay(key, -set.size);
      this.#materialized.set(key, of(this.#materialized, key).union(made));
      for (const { down, mapper } of this.graph.downstream(key)) this.#look(down, isFirst ? of(this.#target, down) : mapper.downstreamOf(made)); // prettier-ignore
      if (failed.size === 0) continue;
      this.#failed.set(key, of(this.#failed, key).union(failed));
      addLost(this.graph, this.#target, this.#lost, [key, failed]);
    }
  }

  #choose(roots: AssetPartitions): AssetPartitions {
    const chosen = new Map<AssetKey, IndexSet>();
    const look: Look = { graph: this.graph, progress: this.progress, lost: this.#lost, roots, chosen };
    for (const unit of this.#units) {
      const set = this.#readyOf(look, unit);
      if (set.size === 0) continue;
      for (const { key } of unit) chosen.set(key, set);
      for (const { key } of unit) for (const { up, down, mapper } of this.graph.downstream(key)) if (up !== down) this.#look(down, mapper.downstreamOf(set)); // prettier-ignore
    }
    return chosen;
  }

  #readyOf(look: Look, unit: BackfillUnit): IndexSet {
    const fresh = this.#fresh.get(unit);
    if (!fresh || this.#ancestors.get(unit)?.some((key) => this.#underWay.has(key))) return IndexSet.empty();
    const isWhole = isReadyAsAWhole(look, unit);
    if (isWhole && mayBeReady(look, unit, fresh).size > 0) return readyOfUnit(look, unit);
    this.#fresh.delete(unit);
    return isWhole ? IndexSet.empty() : readyOfUnit(look, unit, fresh);
  }

  #look(key: AssetKey, set: IndexSet): void {
    const unit = this.#unitOf.get(key);
    const more = unit ? set.intersection(of(this.#target, key)) : IndexSet.empty();
    if (unit && more.size > 0) this.#fresh.set(unit, this.#fresh.get(unit)?.union(more) ?? more);
  }

  #countUnderWay(key: AssetKey, more: number): void {
    const count = (this.#underWay.get(key) ?? 0) + more;
    if (count > 0) this.#underWay.set(key, count);
    else this.#underWay.delete(key);
  }
}

const UNDIVIDED = IndexSet.range(0, 1);
