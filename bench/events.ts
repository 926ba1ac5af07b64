import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NewEvent } from "../src/model/event.js";
import type { RunStore } from "../src/storage/run-store.js";

const EVENTS = 1_000_000;
const ASSETS = 10_000;
const PER_APPEND = 500;
const IN_FLIGHT = 8;
const PAGE = 100;

const assetKey = (index: number): string => `group/asset_${index % ASSETS}`;

/** The log of one run with a million events of ten thousand assets: how fast it is written, paged, and asked for the latest of each asset. */
export async function run(): Promise<Record<string, number>> {
  const { openStore } = createRequire(join(process.cwd(), "package.json"))("./dist/runtime/store/store-proxy.js") as {
    openStore(options: { path: string }): Promise<RunStore>;
  };
  const folder = mkdtempSync(join(tmpdir(), "millrace-events-"));
  const store = await openStore({ path: join(folder, "store.db") });
  try {
    const runId = "bench";
    await store.createRun({
      id: runId,
      tags: {},
      selection: "*",
      codeVersion: "-",
      createdAtMs: 1,
      plan: {},
      config: {},
      steps: [],
      events: [],
      status: "NOT_STARTED",
    });
    const epoch = await store.claimRun(runId, { pid: process.pid, processStartedAt: "-", bootId: "-", host: "-" }, 1, 3_600_000);
    const startMs = performance.now();
    for (let from = 0; from < EVENTS; from += PER_APPEND * IN_FLIGHT) {
      const appends = Array.from({ length: IN_FLIGHT }, (_, index) => from + index * PER_APPEND).filter((first) => first < EVENTS);
      await Promise.all(appends.map((first) => store.appendEvents(runId, epoch ?? 0, undefined, batch(first))));
    }
    const seconds = (performance.now() - startMs) / 1000;
    return {
      append_per_s: EVENTS / seconds,
      page_ms: await median(() => store.events({ runId, afterSeq: EVENTS / 2, limit: PAGE })),
      latest_ms: await median(() => store.latestMaterializations("all")),
    };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function batch(first: number): NewEvent[] {
  return Array.from({ length: Math.min(PER_APPEND, EVENTS - first) }, (_, index) => ({
    type: "ASSET_MATERIALIZATION",
    atMs: first + index,
    assetKey: assetKey(first + index),
    payload: { dataVersion: `v${Math.floor((first + index) / ASSETS)}` },
  }));
}

async function median(body: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const startMs = performance.now();
    await body();
    times.push(performance.now() - startMs);
  }
  return times.sort((a, b) => a - b)[2] ?? Number.NaN;
}
