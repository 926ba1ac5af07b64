import { RequestError } from "../../base/errors.js";
import { adjacency, rowOf, type Adjacency } from "../../graph/adjacency.js";
import { AssetCycleError } from "../../graph/asset-cycle-error.js";
import { topologicalIds } from "../../graph/topological-order.js";
import type { AssetKey } from "../../model/asset-spec.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import type { PartitionSpace } from "../../model/partitions/partition-space.js";
import { directCauses, type UpstreamNow } from "./direct-causes.js";
import { ONE, type DividedState } from "./divided-state.js";
import { dividedStates, type StalenessPartitions } from "./divided-states.js";
import type { RecordedVersions, StaleCause, Staleness, StalenessAsset, StalenessStatus } from "./staleness.js";

const STATUSES: readonly StalenessStatus[] = ["fresh", "stale", "missing"];
const [FRESH, STALE, MISSING] = [0, 1, 2];

/** What of an asset is to be judged again. */
const UPSTREAM = 1;
const OWN = 2;

/**
 * Which assets are fresh, stale or missing, kept up to date: a change judges again only what depends on it.
 * @remarks The whole is O(V + E). A change costs what it reaches, and stops where nothing turns. Causes are found when they are asked for, and kept nowhere.
 */
export class StalenessIndex {
  /** By place: each asset stands behind those that it needs. */
  readonly #assets: StalenessAsset[];
  readonly #places: ReadonlyMap<AssetKey, number>;
  readonly #records: (RecordedVersions | undefined)[];
  readonly #parents: Adjacency;
  readonly #children: Adjacency;
  readonly #status: Uint8Array;
  /** 1 where it differs itself from how it was made. */
  readonly #changed: Uint8Array;
  readonly #dirty: Uint8Array;
  /** Of what is divided, or made from something that is. */
  readonly #divided: ReadonlyMap<number, DividedState>;
  readonly #now: UpstreamNow = { version: (key) => this.#records[this.#places.get(key) ?? -1]?.dataVersion };

  /**
   * @param recordOf - the latest materialization, or else observation, of an asset that is not divided
   * @param partitions - required where an asset is divided; by default no partition exists
   * @throws {@link AssetCycleError} if assets wait for each other
   */
  constructor(
    assets: readonly StalenessAsset[],
    recordOf: (key: AssetKey) => RecordedVersions | undefined,
    partitions: StalenessPartitions = { asOf: { nowMs: 0 }, recordsOf: () => [] },
  ) {
    const { order, from, to } = inOrder(assets);
    this.#assets = Array.from(order, (at) => assets[at] as StalenessAsset);
    this.#places = placesOf(this.#assets);
    this.#records = this.#assets.map((asset) => (asset.partitions ? undefined : recordOf(asset.key)));
    this.#parents = adjacency(assets.length, to, from);
    this.#children = adjacency(assets.length, from, to);
    this.#status = new Uint8Array(assets.length);
    this.#changed = new Uint8Array(assets.length);
    this.#dirty = new Uint8Array(assets.length).fill(OWN);
    this.#divided = dividedStates(this.#assets, { places: this.#places, records: this.#records, partitions });
    this.#settle();
  }

  /** @throws {@link RequestError} if there is no such asset */
  status(key: AssetKey): StalenessStatus {
    return STATUSES[this.#status[this.#place(key)] as number] as StalenessStatus;
  }

  /** The keys in this state, each behind those that it needs. */
  keysThatAre(status: StalenessStatus): AssetKey[] {
    const wanted = STATUSES.indexOf(status);
    return this.#assets.flatMap(({ key }, place) => (this.#status[place] === wanted ? [key] : []));
  }

  /**
   * Takes what an asset (of a divided one: a partition) has newly recorded; `undefined`: it was wiped.
   * @returns the keys whose state is another now, or that of some of their partitions
   */
  record(key: AssetKey, recorded: RecordedVersions | undefined, partition = 0): AssetKey[] {
    const place = this.#place(key);
    const state = this.#divided.get(place);
    const before = (state ? state.records.get(partition) : this.#records[place])?.dataVersion;
    state?.record(partition, recorded);
    if (!state?.space) this.#records[place] = recorded;
    this.#dirty[place] = OWN;
    if (before !== recorded?.dataVersion) this.#recheckDownstream(place, IndexSet.range(partition, partition + 1));
    return this.#settle();
  }

  #recheckDownstream(place: number, partitions: IndexSet): void {
    for (const child of [place, ...rowOf(this.#children, place)]) {
      this.#dirty[child] = OWN;
      const state = this.#divided.get(child);
      for (const { upstream, mapper } of state?.edges ?? []) {
        if (state && upstream === place) state.recheck = state.recheck.union(mapper.downstreamOf(partitions));
      }
    }
  }

  /** The partitions of a divided asset in this state; of one that is not divided, 0 stands for it. */
  partitionsThatAre(status: StalenessStatus, key: AssetKey): IndexSet {
    const place = this.#place(key);
    const state = this.#divided.get(place);
    if (!state) return this.status(key) === status ? ONE : IndexSet.empty();
    if (status === "fresh") return state.all.difference(state.notFresh);
    return status === "stale" ? state.stale : state.missing;
  }

  /** The partitions of an asset that exist; `null`: it is not divided. */
  spaceOf(key: AssetKey): PartitionSpace | null {
    return this.#divided.get(this.#place(key))?.space ?? null;
  }

  /**
   * Takes the code version that an asset has now.
   * @returns the keys whose state is another now
   */
  changeCode(key: AssetKey, codeVersion: string | undefined): AssetKey[] {
    const place = this.#place(key);
    const { codeVersion: _, ...asset } = this.#assets[place] as StalenessAsset;
    this.#assets[place] = { ...asset, ...(codeVersion === undefined ? {} : { codeVersion }) };
    const state = this.#divided.get(place);
    if (state) state.recheck = state.made;
    this.#dirty[place] = OWN;
    return this.#settle();
  }

  /**
   * Every cause of a stale asset: what differs itself first, then each upstream that is not fresh. Empty when it is not stale.
   * @param partition - number of a partition; default: the first that is stale
   */
  causes(key: AssetKey, partition?: number): StaleCause[] {
    return [...this.#causesAt(this.#place(key), partition)];
  }

  firstCause(key: AssetKey, partition?: number): StaleCause | undefined {
    return this.#causesAt(this.#place(key), partition).next().value ?? undefined;
  }

  /** How an asset (or partition) is, with the first cause of each link down to the root. */
  explain(key: AssetKey, partition?: number): Staleness {
    const chain: StaleCause[] = [];
    let cause = this.firstCause(key, partition);
    while (cause) {
      chain.push(cause);
      cause =
        cause.kind === "upstream-stale"
          ? this.firstCause(cause.upstream, this.#indexOf(cause.upstream, cause.upstreamPartition))
          : undefined;
    }
    return { key, ...this.#named(this.#place(key), partition), status: this.#statusOf(key, partition), chain };
  }

  #statusOf(key: AssetKey, partition: number | undefined): StalenessStatus {
    if (partition === undefined) return this.status(key);
    return STATUSES.find((status) => this.partitionsThatAre(status, key).has(partition)) ?? "missing";
  }

  #indexOf(key: AssetKey, partition: string | undefined): number | undefined {
    return partition === undefined ? undefined : this.spaceOf(key)?.indexOf(partition);
  }

  #named(place: number, partition: number | undefined): { readonly partition?: string } {
    const name = partition === undefined ? undefined : this.#divided.get(place)?.keyOf(partition);
    return name === undefined ? {} : { partition: name };
  }

  *#causesAt(place: number, partition?: number): Generator<StaleCause, void> {
    const state = this.#divided.get(place);
    if (state) return yield* this.#causesOfPartition(place, state, partition ?? state.stale.nextFrom(0));
    if (this.#status[place] !== STALE) return;
    const asset = this.#assets[place] as StalenessAsset;
    yield* directCauses(asset, this.#records[place] as RecordedVersions, this.#now);
    for (const parent of rowOf(this.#parents, place)) {
      const kind = this.#status[parent] === STALE ? "upstream-stale" : "upstream-missing";
      if (this.#status[parent] !== FRESH) yield { kind, key: asset.key, upstream: this.#assets[parent]?.key as AssetKey };
    }
  }

  *#causesOfPartition(place: number, state: DividedState, index: number | undefined): Generator<StaleCause, void> {
    if (index === undefined || !state.stale.has(index)) return;
    yield* this.#directAt(place, state, index);
    const of = { key: this.#assets[place]?.key as AssetKey, ...this.#named(place, index) };
    for (const { dep, upstream, mapper } of state.edges) {
      const needed = mapper.upstreamOf(IndexSet.range(index, index + 1)).partitions;
      for (const status of ["stale", "missing"] as const) {
        const first = this.partitionsThatAre(status, dep.key).intersection(needed).nextFrom(0);
        if (first === undefined) continue;
        const { partition: upstreamPartition } = this.#named(upstream, first);
        const kind = status === "stale" ? "upstream-stale" : "upstream-missing";
        yield { kind, ...of, upstream: dep.key, ...(upstreamPartition === undefined ? {} : { upstreamPartition }) };
      }
    }
  }

  #directAt(place: number, state: DividedState, index: number): Generator<StaleCause, void> {
    const now: UpstreamNow = {
      version: this.#now.version,
      partitions: (dep) => {
        const edge = state.edges.find((each) => each.dep === dep);
        const up = edge && this.#divided.get(edge.upstream);
        if (!edge || !up?.space) return undefined;
        return Array.from(edge.mapper.upstreamOf(IndexSet.range(index, index + 1)).partitions, (each) => {
          const dataVersion = up.records.get(each)?.dataVersion;
          return { key: dep.key, partition: up.keyOf(each) ?? "", ...(dataVersion === undefined ? {} : { dataVersion }) };
        });
      },
    };
    return directCauses(this.#assets[place] as StalenessAsset, state.records.get(index) as RecordedVersions, now, state.keyOf(index));
  }

  /** Judges what is to be judged again, upstream first, so that each is judged once. */
  #settle(): AssetKey[] {
    const turned: AssetKey[] = [];
    for (let place = this.#next(0); place < this.#dirty.length; place = this.#next(place + 1)) {
      const own = this.#dirty[place] === OWN;
      this.#dirty[place] = 0;
      const state = this.#divided.get(place);
      if (state) {
        if (this.#judgeDivided(place, state)) turned.push(this.#assets[place]?.key as AssetKey);
        continue;
      }
      if (own) this.#changed[place] = this.#differs(place) ? 1 : 0;
      const before = this.#status[place] as number;
      const status = this.#judge(place);
      if (status === before) continue;
      this.#status[place] = status;
      turned.push(this.#assets[place]?.key as AssetKey);
      if ((before === FRESH) === (status === FRESH)) continue;
      this.#judgeDownstream(place);
    }
    return turned;
  }

  #judgeDownstream(place: number): void {
    for (const child of rowOf(this.#children, place)) this.#dirty[child] = Math.max(this.#dirty[child] as number, UPSTREAM);
  }

  #judgeDivided(place: number, state: DividedState): boolean {
    const before = this.#status[place] as number;
    const stale = state.stale;
    const turned = state.judge(
      this.#assets[place]?.unit !== undefined,
      (index) => !this.#directAt(place, state, index).next().done,
      ({ upstream }) => (upstream === place ? "self" : this.#notFreshAt(upstream)),
    );
    this.#status[place] = state.stale.size > 0 ? STALE : state.missing.size > 0 ? MISSING : FRESH;
    if (turned) this.#judgeDownstream(place);
    return turned || before !== this.#status[place] || !stale.equals(state.stale);
  }

  #notFreshAt(place: number): IndexSet {
    return this.#divided.get(place)?.notFresh ?? (this.#status[place] === FRESH ? IndexSet.empty() : ONE);
  }

  #next(from: number): number {
    const dirty = this.#dirty;
    let place = from;
    while (place < dirty.length && dirty[place] === 0) place++;
    return place;
  }

  #differs(place: number): boolean {
    const recorded = this.#records[place];
    return recorded !== undefined && !directCauses(this.#assets[place] as StalenessAsset, recorded, this.#now).next().done;
  }

  #judge(place: number): number {
    if (this.#assets[place]?.unit === undefined) return FRESH; // not made here: it is as it is
    const recorded = this.#records[place];
    if (recorded === undefined) return MISSING;
    if (this.#changed[place] === 1) return STALE;
    if (recorded.inputs === undefined) return FRESH;
    const { starts, neighbours } = this.#parents;
    for (let slot = starts[place] as number; slot < (starts[place + 1] as number); slot++) {
      if (this.#status[neighbours[slot] as number] !== FRESH) return STALE;
    }
    return FRESH;
  }

  #place(key: AssetKey): number {
    const place = this.#places.get(key);
    if (place !== undefined) return place;
    throw new RequestError("REQUEST.UNKNOWN_ASSET", `There is no asset "${key}".`, { fix: "Ask for a key that the definitions have." });
  }
}

/** The assets, each behind those that it needs, and the edges between their places in that order. */
function inOrder(assets: readonly StalenessAsset[]): { order: Int32Array; from: Int32Array; to: Int32Array } {
  const { from, to } = edgesOf(assets, placesOf(assets));
  const sorted = topologicalIds(adjacency(assets.length, to, from), adjacency(assets.length, from, to));
  if ("cycle" in sorted) throw new AssetCycleError(sorted.cycle.map((at) => assets[at]?.key as AssetKey));
  const placeOf = new Int32Array(assets.length);
  sorted.order.forEach((at, place) => (placeOf[at] = place));
  const placed = (ids: Int32Array): Int32Array => ids.map((id) => placeOf[id] as number);
  return { order: sorted.order, from: placed(from), to: placed(to) };
}

function placesOf(assets: readonly StalenessAsset[]): ReadonlyMap<AssetKey, number> {
  return new Map(assets.map(({ key }, place) => [key, place]));
}

/** From upstream to downstream. What is waited for when it fails gives no data, and an asset's own earlier partitions are no other asset. */
function edgesOf(assets: readonly StalenessAsset[], places: ReadonlyMap<AssetKey, number>): { from: Int32Array; to: Int32Array } {
  const from: number[] = [];
  const to: number[] = [];
  assets.forEach(({ deps }, place) => {
    for (const { key, when } of deps) {
      const upstream = places.get(key);
      if (upstream === undefined || upstream === place || when === "failure") continue;
      from.push(upstream);
      to.push(place);
    }
  });
  return { from: Int32Array.from(from), to: Int32Array.from(to) };
}
