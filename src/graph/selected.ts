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
  for (let id = 0; id < target.assets.length; id++) target.assets[id] = (target.assets[id] as number) | (other.assets[id] as number);
  for (let id = 0; id < target.checks.length; id++) target.checks[id] = (target.checks[id] as number) | (other.checks[id] as number);
}

/** Leaves in `target` what is in `other` too. */
export function intersect(target: Selected, other: Selected): void {
  for (let id = 0; id < target.assets.length; id++) target.assets[id] = (target.assets[id] as number) & (other.assets[id] as number);
  for (let id = 0; id < target.checks.length; id++) target.checks[id] = (target.checks[id] as number) & (other.checks[id] as number);
}

/** What `all` has and `other` has not. */
export function without(all: Selected, other: Selected): Selected {
  return {
    assets: all.assets.map((chosen, id) => chosen & (1 - (other.assets[id] as number))),
    checks: all.checks.map((chosen, id) => chosen & (1 - (other.checks[id] as number))),
  };
}
