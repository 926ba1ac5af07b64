import { median } from "./_median.js";
import { pipelineOf } from "./_pipelines.js";
import { inProject, materializeMs } from "./_project.js";

const LIGHT = { steps: 40, n: 10 };
const LONG = { steps: 10, n: 33 };
const LIGHT_TURNS = 7;
const LONG_PAIRS = 7;

export const GOALS = { light_s: "≤ 0.1", long_overhead_ms_per_step: "≤ 2" };
export const PEERS = { light_s: "1.94 (Dagster)" };

/**
 * Seconds of a chain of 40 assets that each compute fib(10) (median of 7 runs, fsync NORMAL), and milliseconds a step that a chain of ten
 * fib(33) takes above the bare functions: the difference of the minima of 7 alternating pairs.
 */
export async function run(): Promise<Record<string, number>> {
  return { light_s: (await lightMs()) / 1000, long_overhead_ms_per_step: await longOverheadMs() };
}

function lightMs(): Promise<number> {
  return inProject({ fsync: "NORMAL" }, { pipelines: [chainOf("Light", LIGHT)] }, async (millrace) => {
    await materializeMs(millrace); // warms up
    const times: number[] = [];
    for (let turn = 0; turn < LIGHT_TURNS; turn++) times.push(await materializeMs(millrace));
    return median(times);
  });
}

function longOverheadMs(): Promise<number> {
  return inProject({ fsync: "NORMAL" }, { pipelines: [chainOf("Long", LONG)] }, async (millrace) => {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let turn = 0; turn < LONG_PAIRS; turn++) {
      ours.push(await materializeMs(millrace));
      const startMs = performance.now();
      for (let step = 0; step < LONG.steps; step++) fib(LONG.n);
      bare.push(performance.now() - startMs);
    }
    return (Math.min(...ours) - Math.min(...bare)) / LONG.steps;
  });
}

function chainOf(name: string, { steps, n }: { readonly steps: number; readonly n: number }) {
  return pipelineOf(
    name,
    Array.from({ length: steps }, (_, at) => ({
      name: `${name.toLowerCase()}${at}`,
      upstream: at === 0 ? [] : [`${name.toLowerCase()}${at - 1}`],
      run: () => void fib(n),
    })),
  );
}

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
