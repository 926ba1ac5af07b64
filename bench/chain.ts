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
 * fib(33) takes above the bare functions: the difference of the minima of 7 alternating pairs. Where the speed of the machine changes from second to
 * second that difference of seconds tells little; `long_outside_ms_per_step` is what a run spends outside of its functions (minimum of the same 7).
 */
export async function run(): Promise<Record<string, number>> {
  return { light_s: (await lightMs()) / 1000, ...(await longMs()) };
}

function lightMs(): Promise<number> {
  return inProject({ fsync: "NORMAL" }, { pipelines: [chainOf("Light", LIGHT)] }, async (millrace) => {
    await materializeMs(millrace); // warms up
    const times: number[] = [];
    for (let turn = 0; turn < LIGHT_TURNS; turn++) times.push(await materializeMs(millrace));
    return median(times);
  });
}

function longMs(): Promise<Record<string, number>> {
  let insideMs = 0;
  const inside = (ms: number): void => void (insideMs += ms);
  return inProject({ fsync: "NORMAL" }, { pipelines: [chainOf("Long", LONG, inside)] }, async (millrace) => {
    const ours: number[] = [];
    const outside: number[] = [];
    const bare: number[] = [];
    for (let turn = 0; turn < LONG_PAIRS; turn++) {
      insideMs = 0;
      const tookMs = await materializeMs(millrace);
      ours.push(tookMs);
      outside.push(tookMs - insideMs);
      const startMs = performance.now();
      for (let step = 0; step < LONG.steps; step++) fib(LONG.n);
      bare.push(performance.now() - startMs);
    }
    return {
      long_overhead_ms_per_step: (Math.min(...ours) - Math.min(...bare)) / LONG.steps,
      long_outside_ms_per_step: Math.min(...outside) / LONG.steps,
    };
  });
}

/** @param told - hears how long each function took */
function chainOf(name: string, { steps, n }: { readonly steps: number; readonly n: number }, told?: (ms: number) => void) {
  return pipelineOf(
    name,
    Array.from({ length: steps }, (_, at) => ({
      name: `${name.toLowerCase()}${at}`,
      upstream: at === 0 ? [] : [`${name.toLowerCase()}${at - 1}`],
      run: () => {
        const startMs = performance.now();
        fib(n);
        told?.(performance.now() - startMs);
      },
    })),
  );
}

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
