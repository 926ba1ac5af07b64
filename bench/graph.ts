import { AssetGraph, AssetSelection, type GraphAsset } from "millrace/model";
import { median } from "./_median.js";

const ASSETS = 100_000;
const DEPS_EACH = 3;
const ROUNDS = 5;

const SELECTIONS = [
  "*",
  "+key:sales/asset_99999",
  "key:sales/asset_0+",
  "3+tag:env=prod+3",
  "roots(group:group_7+)",
  'sinks(+(kind:python or owner:"team:data"))',
  'not key:*_9*9 and (group:group_1 or group:"*_2"+)',
];

export const GOALS = { build_s: "≤ 1", slowest_selection_ms: "≤ 100" };
export const PEERS = {};

/** Seconds to build a graph of 100,000 assets with 300,000 dependencies, and milliseconds of the slowest selection in it: medians of 5. */
export async function run(): Promise<Record<string, number>> {
  const source = { assets: someAssets(), checks: [] };
  const graph = new AssetGraph(source);
  const buildMs = medianMs(() => new AssetGraph(source).topologicalOrder());
  const selectionMs = SELECTIONS.map((text) => medianMs(() => AssetSelection.fromString(text).resolve(graph)));
  return { build_s: buildMs / 1000, slowest_selection_ms: Math.max(...selectionMs) };
}

/** Each asset needs three of the 1,000 before it, by a fixed rule, so that every run measures the same graph. */
function someAssets(): GraphAsset[] {
  let state = 42;
  const random = (below: number) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  return Array.from({ length: ASSETS }, (_, at) => ({
    key: `sales/asset_${at}`,
    unit: `unit_${at}`,
    group: `group_${at % 100}`,
    tags: (at % 5 === 0 ? { env: "prod" } : {}) as Record<string, string>,
    kinds: at % 3 === 0 ? ["python"] : ["sql"],
    owners: at % 7 === 0 ? ["team:data"] : [],
    deps: Array.from({ length: Math.min(at, DEPS_EACH) }, () => ({ key: `sales/asset_${at - 1 - random(Math.min(at, 1000))}` })),
  }));
}

function medianMs(work: () => unknown): number {
  return median(
    Array.from({ length: ROUNDS }, () => {
      const startedMs = performance.now();
      work();
      return performance.now() - startedMs;
    }),
  );
}
