import type { AssetGraph } from "./asset-graph.js";

/** Chosen assets and checks as sets over the ids of a graph: 1 where chosen. */
export interface Selected {
  readonly assets: Uint8Array;
  readonly checks: Uint8Array;
}

/** These assets with the checks on them. */
export function withTheirChecks(graph: AssetGraph, assets: Uint8Array): Selected {
  return {
    assets,
    checks: graph.assetOfCheck.length === 0 ? new Uint8Array(0) : Uint8Array.from(graph.assetOfCheck, (id) => assets[id] as number),
  };
}

/** Adds `other` to `target`. */
export function unite(target: Selected, other: Selected): void {
  add(target.assets, other.assets);
  add(target.checks, other.checks);
}

/** Leaves in `target` what is in `other` too. */
export function intersect(target: Selected, other: Selected): void {
  retain(target.assets, other.assets);
  retain(target.checks, other.checks);
}

/** What `all` has and `other` has not. */
export function without(all: Selected, other: Selected): Selected {
  return { assets: subtract(all.assets.slice(), other.assets), checks: subtract(all.checks.slice(), other.checks) };
}

/** `set`, to which what `other` has was added. These three are loops: the `map` of a typed array takes twenty times as long. */
export function add(set: Uint8Array, other: Uint8Array): Uint8Array {
  for (let id = 0; id < set.length; id++) set[id] = (set[id] as number) | (other[id] as number);
  return set;
}

/** `set`, in which only what `other` has too was left. */
export function retain(set: Uint8Array, other: Uint8Array): Uint8Array {
  for (let id = 0; id < set.length; id++) set[id] = (set[id] as number) & (other[id] as number);
  return set;
}

/** `set`, from which what `other` has was taken. */
export function subtract(set: Uint8Array, other: Uint8Array): Uint8Array {
  for (let id = 0; id < set.length; id++) set[id] = (set[id] as number) & (1 - (other[id] as number));
  return set;
}
