import { join } from "node:path";
import { FileIOManager, type DefinitionsOptions } from "millrace";
import { median } from "./_median.js";
import { layeredPipelines } from "./_pipelines.js";
import { inProject, materializeMs } from "./_project.js";
import { replayMs, rowsOf } from "./_replay.js";
import { replayOnPostgresMs, rowsOfDatabase } from "./_replay-postgres.js";
import { PostgresServer } from "../tools/servers/postgres";

const LAYERS = 10;
const WIDTH = 100;
const PAIRS = 5;

export const GOALS = {
  ms_per_step: "≤ 0.5",
  ratio_to_limit: "≤ 3",
  ratio_to_limit_full: "≤ 1",
  ms_per_step_io: "≤ 1.5",
  ms_per_step_pg: "≤ 2",
  ratio_to_limit_pg: "≤ 2",
};
export const PEERS = { ms_per_step: "43.7 (Dagster)", ms_per_step_io: "66 (Dagster)" };

/**
 * Milliseconds a step of one run of 1,000 assets that do nothing (10 layers of 100, three upstreams each), in a new store on disk, beside
 * the driver alone writing the rows of that run with one commit a step. `_full`: with fsync FULL; `_io`: each gives a value that three others load.
 * `_pg`: in a new database of a Postgres of its own that flushes each commit.
 */
export async function run(): Promise<Record<string, number>> {
  const ordered = { pipelines: layeredPipelines(LAYERS, WIDTH, { withValues: false }) };
  const withValues = { pipelines: layeredPipelines(LAYERS, WIDTH, { withValues: true }), io: FileIOManager };
  return {
    ...(await measure("", ordered, "NORMAL")),
    ...(await measure("_full", ordered, "FULL")),
    ...(await measure("_io", withValues, "NORMAL")),
    ...(await onPostgres(ordered)),
  };
}

function measure(suffix: string, definitions: DefinitionsOptions, fsync: "FULL" | "NORMAL"): Promise<Record<string, number>> {
  return medians(suffix, () => pair(definitions, fsync));
}

interface Pair {
  readonly ours: number;
  readonly limit: number;
}

async function onPostgres(definitions: DefinitionsOptions): Promise<Record<string, number>> {
  const server = await PostgresServer.start({ durable: true });
  try {
    return await medians("_pg", async () => {
      const store = await server.createDatabase();
      const ours = await inProject(
        { fsync: "FULL", store },
        definitions,
        async (millrace) => (await materializeMs(millrace)) / (LAYERS * WIDTH),
      );
      const limit = (await replayOnPostgresMs(await rowsOfDatabase(store), store)) / (LAYERS * WIDTH);
      return { ours, limit };
    });
  } finally {
    await server.stop();
  }
}

async function medians(suffix: string, pair: () => Promise<Pair>): Promise<Record<string, number>> {
  const pairs: Pair[] = [];
  await pair(); // warms up
  for (let turn = 0; turn < PAIRS; turn++) pairs.push(await pair());
  return {
    [`ms_per_step${suffix}`]: median(pairs.map(({ ours }) => ours)),
    [`limit_ms_per_step${suffix}`]: median(pairs.map(({ limit }) => limit)),
    [`ratio_to_limit${suffix}`]: median(pairs.map(({ ours, limit }) => ours / limit)),
  };
}

function pair(definitions: DefinitionsOptions, fsync: "FULL" | "NORMAL"): Promise<Pair> {
  return inProject({ fsync }, definitions, async (millrace, folder) => {
    const ours = (await materializeMs(millrace)) / (LAYERS * WIDTH);
    const limit = replayMs(rowsOf(join(folder, ".millrace", "millrace.db")), folder, fsync) / (LAYERS * WIDTH);
    return { ours, limit };
  });
}
