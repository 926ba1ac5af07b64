import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NewEvent } from "../src/model/event.js";
import type { RunStore } from "../src/storage/run-store.js";
import { median } from "./_median.js";
import { claimedRun } from "./_run.js";

const EVENTS = 1_000_000;
const FEW = 10_000;
const ASSETS = 10_000;
const PER_APPEND = 500;
const IN_FLIGHT = 8;
const PAGE = 100;

const assetKey = (index: number): string => `group/asset_${index % ASSETS}`;

export const GOALS = { page_ms: "≤ 10", page_ms_at_10k: "as page_ms" };
export const PEERS = {};

/**
 * The log of one run with a million events of ten thousand assets: how fast it is written, how long a page of 100 takes (the slowest of
 * its beginning, middle and end; also when there were 10,000 events), and the latest materialization of each asset.
 */
export async function run(): Promise<Record<string, number>> {
  const { openStore } = createRequire(join(process.cwd(), "package.json"))("./dist/runtime/store/store-proxy.js") as {
    openStore(options: { path: string }): Promise<RunStore>;
  };
  const folder = mkdtempSync(join(tmpdir(), "millrace-events-"));
  const store = await openStore({ path: join(folder, "store.db") });
  try {
    const runId = "bench";
    const epoch = await claimedRun(store, runId);
    const startMs = performance.now();
    const append = async (start: number, end: number): Promise<void> => {
      for (let from = start; from < end; from += PER_APPEND * IN_FLIGHT) {
        const appends = Array.from({ length: IN_FLIGHT }, (_, index) => from + index * PER_APPEND).filter((first) => first < end);
        await Promise.all(appends.map((first) => store.appendEvents(runId, epoch, undefined, batch(first, end))));
      }
    };
    await append(0, FEW);
    const fewSeconds = (performance.now() - startMs) / 1000;
    const pageMsAtFew = await pageMs(store, runId, FEW);
    const againMs = performance.now();
    await append(FEW, EVENTS);
    const seconds = fewSeconds + (performance.now() - againMs) / 1000;
    return {
      append_per_s: EVENTS / seconds,
      page_ms: await pageMs(store, runId, EVENTS),
      page_ms_at_10k: pageMsAtFew,
      latest_ms: await medianMs(() => store.latestMaterializations("all")),
    };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function pageMs(store: RunStore, runId: string, events: number): Promise<number> {
  const places = [0, events / 2, events - PAGE];
  const times: number[] = [];
  for (const afterSeq of places) times.push(await medianMs(() => store.events({ runId, afterSeq, limit: PAGE })));
  return Math.max(...times);
}

function batch(first: number, end: number): NewEvent[] {
  return Array.from({ length: Math.min(PER_APPEND, end - first) }, (_, index) => ({
    type: "ASSET_MATERIALIZATION",
    atMs: first + index,
    assetKey: assetKey(first + index),
    payload: { dataVersion: `v${Math.floor((first + index) / ASSETS)}` },
  }));
}

async function medianMs(body: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const startMs = performance.now();
    await body();
    times.push(performance.now() - startMs);
  }
  return median(times);
}
