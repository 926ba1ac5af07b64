import { join } from "node:path";
import Database from "libsql";
import { Asset, hourlyPartitions, Pipeline, type BackfillPolicy, type BackfillRecord } from "millrace";
import { allPartitionsOf, BackfillGraph, nextRuns } from "millrace/model";
import { inProject } from "./_project.js";

const RUNS = 10_000;
const IN_FLIGHT = 16;
const PARTITIONS = 100_000;
const ASSETS = 5;
const HOUR_MS = 3_600_000;
const START = "2010-01-01";

export const GOALS = { plan_s: "≤ 2", overhead_ms_per_run: "≤ 5", single_run_s: "≤ 2" };
export const PEERS = {};

/**
 * Seconds to plan the runs of 100,000 partitions of each of 5 assets; milliseconds a run of 10,000 runs of one partition that do nothing, 16 at once,
 * with fsync FULL, beside the driver alone writing their rows, 16 runs a commit; seconds of the same partitions in one run.
 */
export async function run(): Promise<Record<string, number>> {
  const [each, whole] = [pipelineOf(undefined), pipelineOf({ maxPartitionsPerRun: "all" })];
  return {
    plan_s: planSeconds(),
    ...(await inProject({ fsync: "FULL" }, { pipelines: [each] }, async (millrace, folder) => {
      const startMs = performance.now();
      ended(await millrace.backfill("*", { maxConcurrentRuns: IN_FLIGHT }));
      const overhead = (performance.now() - startMs) / RUNS;
      return { overhead_ms_per_run: overhead, limit_ms_per_run: limitMs(join(folder, ".millrace", "millrace.db"), folder) };
    })),
    single_run_s: await inProject({ fsync: "FULL" }, { pipelines: [whole] }, async (millrace) => {
      const startMs = performance.now();
      ended(await millrace.backfill("*"));
      return (performance.now() - startMs) / 1_000;
    }),
  };
}

function planSeconds(): number {
  const hour = hourlyPartitions({ start: START });
  const assets = Array.from({ length: ASSETS }, (_, at) => ({
    key: `a${at}`,
    partitions: hour,
    deps: at === 0 ? [] : [{ key: `a${at - 1}` }],
  }));
  const startMs = performance.now();
  const graph = new BackfillGraph(assets, { nowMs: Date.parse(START) + PARTITIONS * HOUR_MS });
  const target = allPartitionsOf(graph, assets.map(({ key }) => key)); // prettier-ignore
  const runs = nextRuns(graph, { target, requested: new Map(), materialized: new Map(), failed: new Map() });
  if (runs.length !== PARTITIONS) throw new Error(`${runs.length} runs were planned.`);
  return (performance.now() - startMs) / 1_000;
}

function pipelineOf(backfill: BackfillPolicy | undefined) {
  const end = new Date(Date.parse(START) + RUNS * HOUR_MS).toISOString().slice(0, 16);
  const partitions = hourlyPartitions({ start: START, end });
  @Pipeline()
  class Nothing {
    @Asset({ partitions, ...(backfill ? { backfill } : {}) })
    nothing(): void {}
  }
  return Nothing;
}

function ended({ status, error }: BackfillRecord): void {
  if (status !== "SUCCESS") throw new Error(`The backfill that is measured came to ${status}: ${error}`);
}

/** Milliseconds a run that the driver alone takes to insert the rows of all tables that the runs left, 16 runs a commit. */
function limitMs(storePath: string, folder: string): number {
  const from = new Database(storePath);
  const to = new Database(join(folder, "limit.db"));
  try {
    for (const pragma of ["journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=20000", "cache_size=-65536"]) to.pragma(pragma);
    const schema = from.prepare("select sql from sqlite_master where sql is not null and name not like 'sqlite_%'").all() as {
      sql: string;
    }[];
    for (const { sql } of schema) to.exec(sql);
    const tables = ["run", "run_tag", "step", "attempt", "event"].map((name) => {
      const rows = from.prepare(`select * from ${name}`).raw().all() as unknown[][];
      const width = rows[0]?.length ?? 0;
      return { rows, insert: to.prepare(`insert into ${name} values (${Array.from({ length: width }, () => "?").join(", ")})`) };
    });
    const startMs = performance.now();
    const commits = RUNS / IN_FLIGHT;
    for (let commit = 0; commit < commits; commit++) {
      to.exec("begin immediate");
      for (const { rows, insert } of tables) {
        const [first, last] = [commit, commit + 1].map((at) => Math.floor((at * rows.length) / commits));
        for (const row of rows.slice(first, last)) insert.run(row);
      }
      to.exec("commit");
    }
    return (performance.now() - startMs) / RUNS;
  } finally {
    from.close();
    to.close();
  }
}
