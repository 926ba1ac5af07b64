import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { measureInChild } from "./_child.js";
import { median } from "./_median.js";
import { PostgresServer } from "../tools/servers/postgres";

const PAIRS = Number(process.env.BENCH_PAIRS ?? 5);
const ROWS = Number(process.env.BENCH_ROWS ?? 1_000_000);

export const GOALS = { copy_in_ratio: "≤ 1.1", copy_out_ratio: "≤ 2.2" };
export const PEERS = {};

/**
 * Seconds in which `PostgresIOManager` stores and publishes 1,000,000 row objects of 10 columns (`BENCH_ROWS`), and loads them as row objects,
 * beside `psql \copy` of the same rows from and to a CSV file, in turns: medians of 5 pairs (`BENCH_PAIRS`), each in a process of its own.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const server = await PostgresServer.start({ durable: true });
  try {
    return await measure(await server.createDatabase(), join(folder, "rows.csv"));
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(dsn: string, csv: string): Promise<Record<string, number>> {
  const ours: [number, number][] = [];
  const psqls: [number, number][] = [];
  await measureInChild(byMillrace(dsn)); // so that the file can be made of the table
  await psql(dsn, `\\copy public.orders to '${csv}' csv`, "CREATE TABLE by_psql (LIKE public.orders)");
  for (let pair = 0; pair < PAIRS; pair++) {
    ours.push(await measureInChild<[number, number]>(byMillrace(dsn)));
    await psql(dsn, "DROP TABLE by_psql", "CREATE TABLE by_psql (LIKE public.orders)");
    psqls.push([await psql(dsn, `\\copy by_psql from '${csv}' csv`), await psql(dsn, `\\copy by_psql to '${csv}' csv`)]);
  }
  const [storeS, loadS] = [median(ours.map(([store]) => store)), median(ours.map(([, load]) => load))];
  const [inS, outS] = [median(psqls.map(([store]) => store)), median(psqls.map(([, load]) => load))];
  return {
    store_s: storeS,
    load_s: loadS,
    psql_in_s: inS,
    psql_out_s: outS,
    copy_in_ratio: storeS / inS,
    copy_out_ratio: loadS / outS,
    rows: ROWS,
    pairs: PAIRS,
  };
}

/** Seconds that psql takes for the commands. */
async function psql(dsn: string, ...commands: readonly string[]): Promise<number> {
  const startMs = performance.now();
  await promisify(execFile)("psql", ["-q", "-v", "ON_ERROR_STOP=1", ...commands.flatMap((command) => ["-c", command]), dsn]);
  return (performance.now() - startMs) / 1000;
}

function byMillrace(dsn: string): string {
  return `
    const { PostgresIOManager } = require("millrace");
    const { inputContextFor, outputContextFor } = require("millrace/testing");
    const kinds = ["page_view", "order_placed", "user_created", "refund", "other"];
    const rows = Array.from({ length: ${ROWS} }, (_, i) => ({
      id: i, total: BigInt(i) * 1_000_003n, price: i * 0.37, count: i % 7 === 0 ? null : i % 1000, name: "customer " + i, kind: kinds[i % 5],
      note: i % 3 === 0 ? null : "a note of some length about order " + i, at: new Date(1.7e12 + i * 997), ok: i % 2 === 0, data: { page: i % 100, tag: "t" + (i % 10) },
    }));
    const io = Object.assign(new PostgresIOManager(), { dsn: ${JSON.stringify(dsn)} });
    gc();
    const startMs = performance.now();
    const context = outputContextFor("orders");
    await io.store(rows, context);
    await io.publish(context);
    const storedMs = performance.now();
    const loaded = [];
    for await (const batch of (await io.load(inputContextFor("orders"))).batches()) for (const row of batch) loaded.push(row);
    const loadedMs = performance.now();
    require("node:assert").deepStrictEqual([loaded.length, loaded[0], loaded.at(-1)], [rows.length, rows[0], rows.at(-1)]);
    return [(storedMs - startMs) / 1000, (loadedMs - storedMs) / 1000];`;
}
