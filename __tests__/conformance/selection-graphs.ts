import { AssetGraph, type GraphAsset } from "millrace/model";
import type { ConformanceFile } from "./suite.js";

interface Node extends Omit<GraphAsset, "deps" | "unit"> {
  readonly deps: readonly string[];
  readonly external?: boolean;
  readonly checks?: readonly string[];
}

const built = new WeakMap<ConformanceFile, Map<string, AssetGraph>>();

/** The graphs of a file, by id. */
export function graphsOf(file: ConformanceFile): ReadonlyMap<string, AssetGraph> {
  let graphs = built.get(file);
  if (!graphs) {
    graphs = new Map(Object.entries((file.graphs ?? {}) as Record<string, readonly Node[]>).map(([id, nodes]) => [id, graphOf(nodes)]));
    built.set(file, graphs);
  }
  return graphs;
}

function graphOf(nodes: readonly Node[]): AssetGraph {
  return new AssetGraph({
    assets: nodes.map(({ deps, external, ...node }) => ({
      ...node,
      deps: deps.map((key) => ({ key })),
      ...(!external && { unit: node.key }),
    })),
    checks: nodes.flatMap(({ key, checks = [] }) => checks.map((name) => ({ asset: key, name }))),
  });
}
