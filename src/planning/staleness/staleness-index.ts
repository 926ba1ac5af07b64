import { RequestError } from "../../base/errors.js";
import { adjacency, rowOf, type Adjacency } from "../../graph/adjacency.js";
import { AssetCycleError } from "../../graph/asset-cycle-error.js";
import { topologicalIds } from "../../graph/topological-order.js";
import type { AssetKey } from "../../model/asset-spec.js";
import { directCauses } from "./direct-causes.js";
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
  readonly #versionNow = (key: AssetKey): string | undefined => this.#records[this.#places.get(key) ?? -1]?.dataVersion;

  /**
   * @param recordOf - the latest materialization, or else observation
   * @throws {@link AssetCycleError} if assets wait for each other
   */
  constructor(assets: readonly StalenessAsset[], recordOf: (key: AssetKey) => RecordedVersions | undefined) {
    const { order, from, to } = inOrder(assets);
    this.#assets = Array.from(order, (at) => assets[at] as StalenessAsset);
    this.#places = placesOf(this.#assets);
    this.#records = this.#assets.map(({ key }) => recordOf(key));
    this.#parents = adjacency(assets.length, to, from);
    this.#children = adjacency(assets.length, from, to);
    this.#status = new Uint8Array(assets.length);
    this.#changed = new Uint8Array(assets.length);
    this.#dirty = new Uint8Array(assets.length).fill(OWN);
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
   * Takes what an asset has newly recorded; `undefined`: it was wiped.
   * @returns the keys whose state is another now
   */
  record(key: AssetKey, recorded: RecordedVersions | undefined): AssetKey[] {
    const place = this.#place(key);
    const before = this.#records[place]?.dataVersion;
    this.#records[place] = recorded;
    this.#dirty[place] = OWN;
    if (before !== recorded?.dataVersion) for (const child of rowOf(this.#children, place)) this.#dirty[child] = OWN;
    return this.#settle();
  }

  /**
   * Takes the code version that an asset has now.
   * @returns the keys whose state is another now
   */
  changeCode(key: AssetKey, codeVersion: string | undefined): AssetKey[] {
    const place = this.#place(key);
    const { codeVersion: _, ...asset } = this.#assets[place] as StalenessAsset;
    this.#assets[place] = { ...asset, ...(codeVersion === undefined ? {} : { codeVersion }) };
    this.#dirty[place] = OWN;
    return this.#settle();
  }

  /** Every cause of a stale asset: what differs itself first, then each upstream that is not fresh. Empty when it is not stale. */
  causes(key: AssetKey): StaleCause[] {
    return [...this.#causesAt(this.#place(key))];
  }

  firstCause(key: AssetKey): StaleCause | undefined {
    return this.#causesAt(this.#place(key)).next().value ?? undefined;
  }

  /** How an asset is, with the first cause of each link down to the root. */
  explain(key: AssetKey): Staleness {
    const chain: StaleCause[] = [];
    for (let at: AssetKey | undefined = key; at !== undefined;) {
      const cause = this.firstCause(at);
      if (cause) chain.push(cause);
      at = cause?.kind === "upstream-stale" ? cause.upstream : undefined;
    }
    return { key, status: this.status(key), chain };
  }

  *#causesAt(place: number): Generator<StaleCause, void> {
    if (this.#status[place] !== STALE) return;
    const asset = this.#assets[place] as StalenessAsset;
    yield* directCauses(asset, this.#records[place] as RecordedVersions, this.#versionNow);
    for (const parent of rowOf(this.#parents, place)) {
      const kind = this.#status[parent] === STALE ? "upstream-stale" : "upstream-missing";
      if (this.#status[parent] !== FRESH) yield { kind, key: asset.key, upstream: this.#assets[parent]?.key as AssetKey };
    }
  }

  /** Judges what is to be judged again, upstream first, so that each is judged once. */
  #settle(): AssetKey[] {
    const turned: AssetKey[] = [];
    for (let place = this.#next(0); place < this.#dirty.length; place = this.#next(place + 1)) {
      if (this.#dirty[place] === OWN) this.#changed[place] = this.#differs(place) ? 1 : 0;
      this.#dirty[place] = 0;
      const before = this.#status[place] as number;
      const status = this.#judge(place);
      if (status === before) continue;
      this.#status[place] = status;
      turned.push(this.#assets[place]?.key as AssetKey);
      if ((before === FRESH) === (status === FRESH)) continue;
      for (const child of rowOf(this.#children, place)) this.#dirty[child] = Math.max(this.#dirty[child] as number, UPSTREAM);
    }
    return turned;
  }

  #next(from: number): number {
    const dirty = this.#dirty;
    let place = from;
    while (place < dirty.length && dirty[place] === 0) place++;
    return place;
  }

  #differs(place: number): boolean {
    const recorded = this.#records[place];
    return recorded !== undefined && !directCauses(this.#assets[place] as StalenessAsset, recorded, this.#versionNow).next().done;
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
