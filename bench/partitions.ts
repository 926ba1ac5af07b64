import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NewEvent } from "../src/model/event.js";
import type { IndexSet } from "../src/model/partitions/index-set.js";
import type { PartitionLayout } from "../src/model/partitions/partition-layout.js";
import type { Store } from "../src/storage/store.js";
import { measureInChild } from "./_child.js";
import { median } from "./_median.js";
import { claimedRun } from "./_run.js";

// The built product, with the types of its sources: the store is no public entry.
const load = createRequire(join(process.cwd(), "package.json"));
const {
  dailyPartitions,
  hourlyPartitions,
  IndexSet: Sets,
  openPartitions,
  partitionMapper,
} = load("./dist/runtime/entries/model.js") as typeof import("../runtime/entries/model.js");
const { layoutOf } = load(
  "./dist/src/model/partitions/partition-layout.js",
) as typeof import("../src/model/partitions/partition-layout.js");
const { openStore } = load("./dist/runtime/store/store-proxy.js") as typeof import("../runtime/store/store-proxy.js");

const PARTITIONS = 1_000_000;
const START = "1910-01-01";
const NOW_MS = Date.parse(`${START}T00:00:00Z`) + PARTITIONS * 3_600_000;
const ROUNDS = 7;
const PAGE = 100;
const PER_APPEND = 2_000;
const IN_FLIGHT = 4;
const ASSETS_HELD = 10;

export const GOALS = {
  status_ms: "≤ 20",
  set_algebra_ms: "≤ 10",
  mapping_ms: "≤ 50",
  page_ms: "≤ 10",
  rss_mb: "≤ 200",
  event_ms: "≤ 1",
};
export const PEERS = { stored_bytes: "Dagster: 2.3 MB for half of 315,576 hourly keys" };

/**
 * An asset of 1,000,000 hourly partitions of which half are materialized, at random. `status_ms`: how many there are of each state, read by a process that
 * has just opened the store; `set_algebra_ms`: the slowest of union, intersection and difference with another such set; `mapping_ms`: to days and back;
 * `page_ms`: 100 keys with their states; `rss_mb`: what ten such assets hold in memory; `event_ms`: what one more event of a partition costs beyond one of none.
 */
export async function run(): Promise<Record<string, number>> {
  const hours = openPartitions(hourlyPartitions({ start: START }), { nowMs: NOW_MS });
  const days = openPartitions(dailyPartitions({ start: START }), { nowMs: NOW_MS });
  const [held, other] = [randomHalf(hours.size, 7), randomHalf(hours.size, 11)];
  const folder = mkdtempSync(join(tmpdir(), "millrace-partitions-"));
  const path = join(folder, "store.db");
  try {
    const store = await openStore({ path, fsync: "NORMAL" });
    const layout = layoutOf(hours);
    await materialize(store, layout, held);
    const eventMs = (await eventsMs(store, layout, true)) - (await eventsMs(store, layout, false));
    const { materialized } = await store.partitionStatus("hourly", layout);
    if (!held.isSubsetOf(materialized)) throw new RangeError("The store forgot partitions.");
    await store.close();
    const cold = [];
    for (let round = 0; round < ROUNDS; round++)
      cold.push(await measureInChild<{ statusMs: number; pageMs: number; rssMb: number }>(coldReader(path)));
    const mapper = partitionMapper(undefined, hours, days);
    return {
      status_ms: median(cold.map(({ statusMs }) => statusMs)),
      set_algebra_ms: Math.max(
        medianMs(() => held.union(other).size),
        medianMs(() => held.intersection(other).size),
        medianMs(() => held.difference(other).size),
      ),
      mapping_ms: medianMs(() => mapper.upstreamOf(mapper.downstreamOf(held)).partitions.size),
      page_ms: median(cold.map(({ pageMs }) => pageMs)),
      stored_bytes: [...held.encodedChunks()].reduce((sum, [, bytes]) => sum + bytes.length, 0),
      rss_mb: median(cold.map(({ rssMb }) => rssMb)),
      event_ms: Math.max(0, eventMs),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The body of a program that opens the store and reads the status of the asset for the first time. */
function coldReader(path: string): string {
  return `
    const { openStore } = require("./dist/runtime/store/store-proxy.js");
    const { layoutOf } = require("./dist/src/model/partitions/partition-layout.js");
    const { hourlyPartitions, openPartitions } = require("./dist/runtime/entries/model.js");
    const store = await openStore({ path: ${JSON.stringify(path)}, fsync: "NORMAL" });
    const hours = openPartitions(hourlyPartitions({ start: ${JSON.stringify(START)} }), { nowMs: ${NOW_MS} });
    const layout = layoutOf(hours);
    const from = performance.now();
    const status = await store.partitionStatus("hourly", layout);
    const counts = [status.materialized.size, status.failed.size, status.inProgress.size, status.checkFailed.size, hours.size - status.materialized.size];
    const statusMs = performance.now() - from;
    const pageFrom = performance.now();
    const page = Array.from({ length: ${PAGE} }, (_, at) => [hours.keyAt(500_000 + at), status.materialized.has(500_000 + at)]);
    const pageMs = performance.now() - pageFrom;
    gc();
    const before = process.memoryUsage().rss;
    const all = [];
    for (let at = 0; at < ${ASSETS_HELD}; at++) all.push(await store.partitionStatus("hourly", layout));
    gc();
    const rssMb = (process.memoryUsage().rss - before) / 2 ** 20;
    await store.close();
    if (counts[0] === 0 || page.length !== ${PAGE} || all.length === 0) throw new Error("nothing was read");
    return { statusMs, pageMs, rssMb };`;
}

async function materialize(store: Store, layout: PartitionLayout, set: IndexSet): Promise<void> {
  const epoch = await runOf(store, "bench", layout);
  const space = openPartitions(layout.definition, { nowMs: NOW_MS });
  const indexes = [...set];
  for (let from = 0; from < indexes.length; from += PER_APPEND * IN_FLIGHT) {
    const batches = Array.from({ length: IN_FLIGHT }, (_, at) => indexes.slice(from + at * PER_APPEND, from + (at + 1) * PER_APPEND));
    await Promise.all(
      batches
        .filter((batch) => batch.length > 0)
        .map((batch) =>
          store.appendEvents(
            "bench",
            epoch,
            undefined,
            batch.map((index) => materialization({ key: space.keyAt(index), index })),
          ),
        ),
    );
  }
}

/** What one event costs that is stored by itself: of a partition, or of none. */
async function eventsMs(store: Store, layout: PartitionLayout, ofPartition: boolean): Promise<number> {
  const runId = ofPartition ? "one-by-one" : "undivided";
  const epoch = await runOf(store, runId, ofPartition ? layout : undefined);
  const space = openPartitions(layout.definition, { nowMs: NOW_MS });
  const times: number[] = [];
  for (let at = 0; at < 300; at++) {
    const index = at * 3_001;
    const event = materialization(ofPartition ? { key: space.keyAt(index), index } : undefined);
    const from = performance.now();
    await store.appendEvents(runId, epoch, undefined, [event]);
    times.push(performance.now() - from);
  }
  return median(times);
}

function runOf(store: Store, id: string, layout: PartitionLayout | undefined): Promise<number> {
  return claimedRun(store, id, layout ? { partitions: { layout, indexes: Sets.range(0, PARTITIONS), assets: ["hourly"] } } : {});
}

function materialization(partition: NewEvent["partition"]): NewEvent {
  return {
    type: "ASSET_MATERIALIZATION",
    atMs: 2,
    assetKey: partition ? "hourly" : "undivided",
    ...(partition ? { partition } : {}),
    payload: { dataVersion: "v" },
  };
}

function randomHalf(size: number, seed: number): IndexSet {
  let state = seed;
  const numbers: number[] = [];
  for (let at = 0; at < size; at++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    if (state < 0x40000000) numbers.push(at);
  }
  return Sets.ofNumbers(numbers);
}

function medianMs(body: () => number): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const from = performance.now();
    if (body() < 0) throw new RangeError("a set of negative size");
    return performance.now() - from;
  });
  return median(times);
}
