import { RequestError } from "../../src/base/errors.js";
import { newId } from "../../src/base/ids.js";
import { checkId, type AssetKey } from "../../src/model/asset-spec.js";
import { toJson } from "../../src/model/metadata.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import { dynamicNames, layoutOf, sameLayout, type PartitionLayout } from "../../src/model/partitions/partition-layout.js";
import { translatePartitions } from "../../src/model/partitions/translate-partitions.js";
import { BackfillPlanner } from "../../src/planning/backfill/backfill-planner.js";
import type { BackfillGraph } from "../../src/planning/backfill/backfill-graph.js";
import { partitionsOf, type BackfillProgress } from "../../src/planning/backfill/backfill-progress.js";
import type { AssetPartitions } from "../../src/planning/backfill/backfill-target.js";
import type { BackfillAssetProgress, BackfillRecord } from "../../src/storage/backfill-store.js";
import type { Store } from "../../src/storage/store.js";
import { checkedConfig, configAgain, type ConfiguredAssets } from "./backfill-config.js";
import { BackfillDriver, type BackfillResumption } from "./backfill-driver.js";
import { conductOf, storedConduct, thisUser, type BackfillOptions } from "./backfill-options.js";
import { refuseEnded, whileClaimed, type TakeUp } from "./claim-backfill.js";
import { earlierRuns, partitionsOfRuns } from "./earlier-runs.js";
import { graphOf, planBackfill, type PlannedBackfill, type PlanningGround } from "./planned-backfill.js";
import type { Session } from "./session.js";

/** Backfills of a session's assets: asked for, driven in this process to their end, gone on with. */
export class Backfills {
  readonly #session: Session;
  readonly #store: Store;

  constructor(session: Session) {
    this.#session = session;
    this.#store = session.store;
  }

  /**
   * What a backfill would do.
   * @throws {@link RequestError} as {@link planBackfill} does, or for options that cannot be meant; {@link ConfigError} with every fault of the configuration
   */
  async plan(selection: string, options: BackfillOptions = {}): Promise<PlannedBackfill> {
    const { assets } = this.#session.select(selection);
    const planned = await planBackfill({ ...(await this.#ground()), order: this.#session.graph.topologicalOrder() }, assets, options);
    conductOf(selection, options, planned.count.runs);
    checkedConfig(this.#session, this.#madeBy(selection, planned.target), options.config ?? {});
    return planned;
  }

  /** Stores a backfill as it was planned. It runs when it is driven. */
  async create(selection: string, planned: PlannedBackfill, options: BackfillOptions = {}): Promise<BackfillRecord> {
    const who = options.who ?? thisUser();
    const { stored, masker } = checkedConfig(this.#session, this.#madeBy(selection, planned.target), options.config ?? {});
    const conduct = conductOf(selection, options, planned.count.runs);
    return this.#store.createBackfill({
      id: newId(),
      tags: masker.deep(options.tags ?? {}),
      createdAtMs: this.#session.clock.nowMs(),
      asked: masker.text(options.partitions === undefined ? selection : `${selection} ${options.partitions}`),
      ...(who === undefined ? {} : { who }),
      ...(options.reason === undefined ? {} : { why: masker.text(options.reason) }),
      options: toJson(options.config === undefined ? conduct : { ...conduct, config: stored }),
      targets: [...planned.target].map(([assetKey, indexes]) => {
        const space = planned.graph.space(assetKey);
        return { assetKey, layout: space && layoutOf(space), indexes };
      }),
    });
  }

  /** @throws {@link RequestError} `BACKFILL.UNKNOWN` */
  async get(id: string): Promise<BackfillRecord> {
    const record = await this.#store.getBackfill(id);
    if (record) return record;
    throw new RequestError("BACKFILL.UNKNOWN", `There is no backfill ${id}.`, { fix: "Look for it with `millrace backfill list`." });
  }

  /** Drives a new backfill, or one that was paused or whose process is gone; partitions whose runs were cut off are made again. */
  resume(record: BackfillRecord, how: BackfillResumption = {}): Promise<BackfillRecord> {
    return this.#drive(record, "cut off", how);
  }

  /** Drives a backfill that has ended once more: what failed or was left is made. */
  retry(record: BackfillRecord, how: BackfillResumption = {}): Promise<BackfillRecord> {
    return this.#drive(record, "failed", how);
  }

  async #drive({ id, ...asked }: BackfillRecord, again: TakeUp["again"], how: BackfillResumption): Promise<BackfillRecord> {
    refuseEnded({ id, ...asked }, again);
    const graph = await this.#graphOf(id);
    const { selection } = storedConduct(asked.options);
    const { checks } = this.#session.select(selection);
    const made = this.#madeBy(selection, new Map(graph.assets.map(({ key }) => [key, undefined])));
    const config = configAgain(this.#session, { id, ...asked }, { made, given: how.config });
    const takeUp = { driver: this.#session.owner, nowMs: this.#session.clock.nowMs(), again };
    return whileClaimed(this.#store, id, takeUp, async (epoch) => {
      const record = await this.get(id);
      const progress = await this.#progressOf(id, graph);
      const { cutOff, failures } = await earlierRuns(this.#store, record);
      const planner = new BackfillPlanner(graph, without(progress, partitionsOfRuns(cutOff, graph)));
      const state = { record, epoch, planner, checks, config, blocking: this.#blocking, failures };
      return new BackfillDriver(this.#session, state, how).drive();
    });
  }

  #madeBy(selection: string, target: ReadonlyMap<AssetKey, unknown>): ConfiguredAssets {
    const { checks } = this.#session.select(selection);
    const ofTarget = checks.filter((id) => target.has(id.slice(0, id.lastIndexOf("#"))));
    return { assets: new Set(target.keys()), checks: new Set(ofTarget) };
  }

  async #ground(): Promise<Omit<PlanningGround, "order">> {
    const { resolved } = this.#session;
    const asOf = await this.#session.asOf(resolved.catalog.assets.map(({ partitions }) => partitions));
    return { store: this.#store, resolved, asOf, staleness: (keys) => this.#session.staleness(keys) };
  }

  /** The assets of the backfill as they are defined now. */
  async #graphOf(id: string): Promise<BackfillGraph> {
    const keys = new Set((await this.#store.backfillProgress(id))?.assets.map(({ assetKey }) => assetKey));
    const gone = [...keys].find((key) => this.#session.specOf(key) === undefined);
    if (gone !== undefined)
      throw new RequestError("BACKFILL.ASSET_GONE", `Backfill ${id} makes "${gone}", which is not defined any more.`, {
        fix: "Bring it back, or cancel this backfill and ask for another one.",
      });
    const order = this.#session.graph.topologicalOrder();
    return graphOf(
      await this.#ground(),
      order.filter((key) => keys.has(key)),
    );
  }

  /** How far the backfill is, in the numbers that partitions have now. */
  async #progressOf(id: string, graph: BackfillGraph): Promise<BackfillProgress> {
    const sets = { target: new Map<AssetKey, IndexSet>(), requested: new Map<AssetKey, IndexSet>(), materialized: new Map<AssetKey, IndexSet>(), failed: new Map<AssetKey, IndexSet>() }; // prettier-ignore
    const { assets = [] } = (await this.#store.backfillProgress(id)) ?? {};
    for (const asset of assets) {
      const { assetKey, layout, indexes, requested, materialized, failed } = asset;
      const now = await this.#translation(layout, graph, assetKey);
      const held = this.#heldBack(asset, asset.failedChecks);
      const again = this.#heldBack(asset, asset.retriedChecks);
      sets.target.set(assetKey, now(indexes));
      sets.requested.set(assetKey, now(requested.difference(again)));
      sets.materialized.set(assetKey, now(materialized.difference(held)));
      sets.failed.set(assetKey, now(failed.union(held).difference(again)));
    }
    return sets;
  }

  /** What was materialized and is held back by a blocking check among these: it counts as failed. */
  #heldBack({ materialized }: BackfillAssetProgress, failedChecks: BackfillAssetProgress["failedChecks"]): IndexSet {
    const sets = Object.entries(failedChecks).map(([id, set]) => (this.#blocking.has(id) ? set : IndexSet.empty()));
    return sets.reduce((all, set) => all.union(set.intersection(materialized)), IndexSet.empty());
  }

  get #blocking(): ReadonlySet<string> {
    return new Set(this.#session.resolved.catalog.checks.filter(({ blocking }) => blocking).map(checkId));
  }

  async #translation(layout: PartitionLayout | null, graph: BackfillGraph, key: AssetKey): Promise<(set: IndexSet) => IndexSet> {
    const space = graph.space(key);
    if (!layout || !space || sameLayout(layout, layoutOf(space))) return (set) => set;
    const now = layoutOf(space);
    const keys = new Map<string, readonly string[]>();
    for (const name of [...dynamicNames(layout.definition), ...dynamicNames(now.definition)])
      for (const deletions of [layout.deletions?.[name] ?? 0, now.deletions?.[name] ?? 0])
        keys.set(`${name}\n${deletions}`, (await this.#store.dynamicPartitions(name, deletions)).keys);
    return (set) => translatePartitions(set, layout, now, (name, deletions) => keys.get(`${name}\n${deletions}`) ?? []);
  }
}

/** The progress as if these partitions, as far as they failed, had not been asked for. */
function without(progress: BackfillProgress, repeated: AssetPartitions): BackfillProgress {
  const again = new Map([...repeated].map(([key, set]) => [key, set.intersection(partitionsOf(progress.failed, key))]));
  const less = (sets: AssetPartitions): AssetPartitions =>
    new Map([...sets].map(([key, set]) => [key, set.difference(again.get(key) ?? set.difference(set))]));
  return { ...progress, requested: less(progress.requested), failed: less(progress.failed) };
}
