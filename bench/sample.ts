import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureInChild } from "./_child.js";
import { median } from "./_median.js";

const PAIRS = Number(process.env.BENCH_PAIRS ?? 5);
const ROWS = 3_000_000;
const SAMPLE = join(process.cwd(), "samples", "on-time-flights", "definitions.ts");
const BY_HAND = join(process.cwd(), "bench", "_sample-by-hand.ts");

export const GOALS = { ratio: "≤ 1.5" };
export const PEERS = {};

/**
 * Seconds that the sample's half-year takes, 182 days of 3,000,000 flights with all assets and checks, beside a script that calls the same
 * methods and writes the same files by hand, in turns: medians of 5 pairs (`BENCH_PAIRS`), each in a process of its own. A pair takes minutes.
 */
export async function run(): Promise<Record<string, number>> {
  const [ours, byHand]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < PAIRS; pair++) {
    ours.push(await inFolder(withMillrace));
    byHand.push(await inFolder(without));
  }
  const [sample, script] = [median(ours), median(byHand)];
  return { sample_s: sample, rows_per_s: Math.round(ROWS / sample), script_s: script, ratio: sample / script, pairs: PAIRS };
}

async function inFolder(program: (folder: string) => string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  writeFileSync(join(folder, "package.json"), "{}");
  try {
    return await measureInChild<number>(program(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function withMillrace(folder: string): string {
  return `
    process.env.MILLRACE_HOME = ${JSON.stringify(join(folder, ".millrace"))};
    const startMs = performance.now();
    const millrace = await require("millrace").bootstrap(${JSON.stringify(SAMPLE)});
    const { status } = await millrace.materialize("key:flights_file");
    const backfill = await millrace.backfill("not key:flights_file");
    await millrace.close();
    if (status !== "SUCCESS" || backfill.status !== "SUCCESS") throw new Error(status + ", " + backfill.status + ": " + backfill.error);
    return (performance.now() - startMs) / 1000;`;
}

function without(folder: string): string {
  return `
    const startMs = performance.now();
    require("millrace/register");
    await require(${JSON.stringify(BY_HAND)}).sampleByHand(${JSON.stringify(folder)});
    return (performance.now() - startMs) / 1000;`;
}
