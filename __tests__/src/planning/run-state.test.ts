import { isDeepStrictEqual } from "node:util";
import type { EventType } from "../../../src/model/event";
import type { EdgeWhen } from "../../../src/model/asset-spec";
import type { PlannedStep, RunPlan } from "../../../src/model/run-plan";
import { RunState, type FoldedEvent } from "../../../src/planning/run-state";

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const WHENS: readonly EdgeWhen[] = ["success", "success", "success", "failure", "always"];

function randomPlan(random: () => number): RunPlan {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const steps: PlannedStep[] = [];
  const count = 1 + Math.floor(random() * 12);
  for (let index = 0; index < count; index++) {
    const after = Array.from({ length: steps.length === 0 ? 0 : Math.floor(random() * 4) }, () => {
      const upstream = pick(steps);
      const asset = random() < 0.8 ? pick(upstream.assets) : undefined;
      return { step: upstream.key, when: pick(WHENS), ...(asset === undefined ? {} : { asset }) };
    });
    const assets = Array.from({ length: 1 + Math.floor(random() * 2) }, (_, out) => `a${index}.${out}`);
    steps.push({ key: `s${index}`, unit: `u${index}`, assets, checks: [], after });
  }
  return { steps };
}

/** An owner that folds as it goes, as the run worker does; `turn` hears how long the log was before it drew what follows. */
function own(plan: RunPlan, random: () => number, turn: (state: RunState, log: readonly FoldedEvent[], from: number) => void): void {
  const state = new RunState(plan);
  const log: FoldedEvent[] = [];
  const tell = (type: EventType, stepKey: string, assetKey?: string): void => {
    const event = { type, stepKey, ...(assetKey === undefined ? {} : { assetKey }) };
    state.apply(event);
    log.push(event);
  };
  const queue: PlannedStep[] = [];
  const running: PlannedStep[] = [];
  const take = (from: PlannedStep[]): PlannedStep | undefined => from.splice(Math.floor(random() * from.length), 1)[0];
  const follow = (): void => {
    for (;;) {
      const { ready, passed } = state.advance();
      queue.push(...ready);
      if (passed.length === 0) return;
      for (const { step, status } of passed) tell(`STEP_${status}`, step.key);
    }
  };
  const end = (step: PlannedStep): void => {
    for (const asset of step.assets) if (random() < 0.7) tell("ASSET_MATERIALIZATION", step.key, asset);
    const how = random();
    if (how < 0.15) {
      tell("STEP_UP_FOR_RETRY", step.key);
      queue.push(step);
    } else tell(how < 0.4 ? "STEP_FAILURE" : how < 0.45 ? "STEP_CANCELED" : "STEP_SUCCESS", step.key);
  };
  for (let from = 0; ; from = log.length) {
    follow();
    turn(state, log, from);
    const step = take(running.length === 0 || (queue.length > 0 && random() < 0.5) ? queue : running);
    if (!step) return;
    if (state.statusOf(step.key) === "RUNNING") end(step);
    else {
      tell("STEP_START", step.key);
      running.push(step);
    }
  }
}

const told = (plan: RunPlan, state: RunState) => ({
  ended: state.ended,
  failed: state.failed,
  steps: plan.steps.map(({ key }) => [key, state.statusOf(key), [...state.givenBy(key)].sort()]),
});

/** What a process that takes the run over knows from these events alone, once it has drawn what follows. */
function takeOver(plan: RunPlan, log: readonly FoldedEvent[]): RunState {
  const state = new RunState(plan);
  for (const event of log) state.apply(event);
  for (;;) {
    const { passed } = state.advance();
    if (passed.length === 0) return state;
    for (const { step, status } of passed) state.apply({ type: `STEP_${status}`, stepKey: step.key });
  }
}

const seeds = Array.from({ length: 400 }, (_, seed) => seed);

test("the state that an owner folds as it goes is the full fold of the log, wherever another takes over", () => {
  let compared = 0;
  for (const seed of seeds) {
    const random = randomFrom(seed);
    const plan = randomPlan(random);
    own(plan, random, (state, log, from) => {
      // At `from` nothing of what the owner drew is in the log yet, at the end all of it.
      for (let prefix = from; prefix <= log.length; prefix++, compared++) {
        const [full, owners] = [told(plan, takeOver(plan, log.slice(0, prefix))), told(plan, state)];
        if (!isDeepStrictEqual(full, owners)) expect({ seed, prefix, ...full }).toEqual({ seed, prefix, ...owners });
      }
    });
  }
  expect(compared).toBeGreaterThan(4000); // or this test would look at nothing
});

test("a run always ends: when nothing runs and nothing is ready, every step has ended", () => {
  for (const seed of seeds) {
    const random = randomFrom(seed);
    const plan = randomPlan(random);
    let last: RunState | undefined;
    own(plan, random, (state) => (last = state));
    expect([seed, last?.ended, last?.stepsIn("WAITING", "READY", "RUNNING", "UP_FOR_RETRY")]).toEqual([seed, true, []]);
  }
});
