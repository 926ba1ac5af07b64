import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureInChild } from "./_child.js";
import { median } from "./_median.js";

const TURNS = 10;
const IDLE_TURNS = 5;
const SAMPLE = join(process.cwd(), "samples", "on-time-flights", "definitions.ts");
const CLI = join(process.cwd(), "dist", "runtime", "cli", "main.js");

export const GOALS = { first_step_s: "≤ 0.5" };
export const PEERS = { first_step_s: "1.3 (Dagster, its import alone)" };

/**
 * Seconds from typing `millrace materialize` to the first line of the sample's first step, with the modules compiled and the store there:
 * the minimum of 10, beside that of `node -e 0`, in turns. And the megabytes of a process that has the sample, its store and the HTTP
 * endpoint open and nothing to do.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const definitions = join(folder, "definitions.ts");
    const mark = join(folder, "mark");
    writeFileSync(definitions, markedSample(mark));
    const firstStep: number[] = [];
    const bare: number[] = [];
    for (let turn = 0; turn <= TURNS; turn++) {
      firstStep.push(await firstStepSeconds(folder, definitions, mark));
      bare.push(await bareNodeSeconds());
    }
    const idle: number[] = [];
    for (let turn = 0; turn < IDLE_TURNS; turn++) idle.push(await measureInChild<number>(idleProgram(folder)));
    // The first turn makes the store and fills the cache.
    return { first_step_s: Math.min(...firstStep.slice(1)), bare_node_s: Math.min(...bare.slice(1)), idle_rss_mb: median(idle) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The sample, whose every method notes the time of its first line instead of running. */
function markedSample(mark: string): string {
  return `
import { writeFileSync } from "node:fs";
import sample from ${JSON.stringify(SAMPLE)};
for (const { prototype } of sample.pipelines) {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name === "constructor") continue;
    prototype[name] = new Proxy(prototype[name], {
      apply() {
        writeFileSync(${JSON.stringify(mark)}, String(performance.timeOrigin + performance.now()));
        throw new Error("The first line of user code was reached.");
      },
    });
  }
}
export default sample;
`;
}

async function firstStepSeconds(folder: string, definitions: string, mark: string): Promise<number> {
  rmSync(mark, { force: true });
  const startMs = performance.timeOrigin + performance.now();
  await exitOf([CLI, "materialize", "flights_file", "-f", definitions], { MILLRACE_HOME: join(folder, ".millrace") });
  return (Number(readFileSync(mark, "utf8")) - startMs) / 1000;
}

async function bareNodeSeconds(): Promise<number> {
  const startMs = performance.now();
  await exitOf(["-e", "0"], {});
  return (performance.now() - startMs) / 1000;
}

function exitOf(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: process.cwd(), env: { ...process.env, NODE_OPTIONS: "", ...env }, stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", () => resolve());
  });
}

function idleProgram(folder: string): string {
  return `
    process.env.MILLRACE_HOME = ${JSON.stringify(join(folder, ".millrace"))};
    const { bootstrap } = require("millrace");
    const millrace = await bootstrap(${JSON.stringify(SAMPLE)}, { http: { port: 0 } });
    gc();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const megabytes = process.memoryUsage().rss / 2 ** 20;
    await millrace.close();
    return megabytes;`;
}
