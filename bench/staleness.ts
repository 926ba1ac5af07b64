import { StalenessIndex, type RecordedVersions, type StalenessAsset } from "millrace/model";
import { median } from "./_median.js";

const ASSETS = 100_000;
const DEPS_EACH = 3;
const ROUNDS = 5;

export const GOALS = { first_ms: "–", after_change_ms: "≤ 200" };
export const PEERS = {};

/**
 * Milliseconds to judge 100,000 assets with 300,000 dependencies, and then to judge again what a change reaches: the worst of a changed code version of
 * the asset that most others hang on, a new data version of it, and both taken back. Medians of 5.
 */
export async function run(): Promise<Record<string, number>> {
  const assets = someAssets();
  const records = new Map(assets.map((asset) => [asset.key, recordOf(asset)]));
  const judge = (): StalenessIndex => new StalenessIndex(assets, (key) => records.get(key));
  const first = median(Array.from({ length: ROUNDS }, () => timeMs(judge)));
  const index = judge();
  const root = assets[0]?.key as string;
  const rounds = Array.from({ length: ROUNDS }, (_, round) => [
    timeMs(() => index.changeCode(root, `v${round}`)),
    timeMs(() => index.changeCode(root, "1")),
    timeMs(() => index.record(root, { ...records.get(root), dataVersion: `other ${round}` })),
    timeMs(() => index.record(root, records.get(root))),
  ]);
  return {
    first_ms: first,
    after_change_ms: Math.max(...[0, 1, 2, 3].map((change) => median(rounds.map((each) => each[change] as number)))),
  };
}

/** Each asset needs three of the 1,000 before it, by a fixed rule, so that every run measures the same graph. */
function someAssets(): StalenessAsset[] {
  let state = 42;
  const random = (below: number) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  return Array.from({ length: ASSETS }, (_, at) => ({
    key: `sales/asset_${at}`,
    unit: `unit_${at}`,
    codeVersion: "1",
    deps: Array.from({ length: Math.min(at, DEPS_EACH) }, () => ({
      key: `sales/asset_${at - 1 - random(Math.min(at, 1000))}`,
      kind: "load" as const,
      when: "success" as const,
    })),
  }));
}

function recordOf({ key, deps }: StalenessAsset): RecordedVersions {
  return { dataVersion: `of ${key}`, codeVersion: "1", inputs: deps.map((dep) => ({ key: dep.key, dataVersion: `of ${dep.key}` })) };
}

function timeMs(work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}
