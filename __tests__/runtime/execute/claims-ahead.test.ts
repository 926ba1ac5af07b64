import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineAssets, Definitions, IOManager, output } from "../../../runtime/entries/index.js";
import { thisProcess } from "../../../runtime/instance/process-identity.js";
import { Session } from "../../../runtime/launch/session.js";
import { scanDefinitions } from "../../../runtime/scan/scan-definitions.js";
import { openMemoryStore } from "../../../runtime/store/memory-store.js";
import { systemClock, type Clock } from "../../../src/base/clock.js";
import type { RunBatch } from "../../../src/storage/run-store.js";
import type { Store } from "../../../src/storage/store.js";

const COUNT = 40;

/** Publishes nothing, so that a step waits for the store at its start and end alone. */
class Nowhere extends IOManager<number> {
  override store(): Promise<unknown> {
    return Promise.resolve(undefined);
  }
  override load(): Promise<number> {
    return Promise.resolve(0);
  }
}

interface Seen {
  /** Is told each batch when it is asked for. */
  onBatch?: (batch: RunBatch) => void;
  /** Batches in the order in which they were asked for. */
  readonly batches: RunBatch[];
  /** Steps whose claim the store has acknowledged. */
  readonly claimed: Set<string>;
}

/** Tells each batch, and when its claims are stored; each write takes a few turns of the event loop. */
function slow(store: Store, seen: Seen): Store {
  return {
    ...store,
    commit: async (batch) => {
      seen.batches.push(batch);
      seen.onBatch?.(batch);
      for (let at = 0; at < 5; at++) await new Promise((resolve) => setImmediate(resolve));
      const result = await store.commit(batch);
      for (const { stepKey } of batch.claims) seen.claimed.add(stepKey);
      return result;
    },
  };
}

let storageDir: string;
let store: Store;
let seen: Seen;
beforeEach(() => {
  storageDir = mkdtempSync(join(tmpdir(), "millrace-ahead-"));
  store = openMemoryStore();
  seen = { batches: [], claimed: new Set() };
});
afterEach(async () => {
  await store.close();
  rmSync(storageDir, { recursive: true });
});

/** Runs independent assets, two at once. */
async function runAll(body: (step: string) => Promise<void> | void, options: { clock?: Clock; signal?: AbortSignal } = {}) {
  const assets = Array.from({ length: COUNT }, (_, index) => `a${String(index).padStart(2, "0")}`).map((key) =>
    defineAssets({
      specs: [{ key }],
      run: async function* () {
        await body(key);
        yield output(key, 1);
      },
    }),
  );
  const resolved = await scanDefinitions(new Definitions({ assets, io: Nowhere.with({}) }), "The definitions");
  const session = new Session({ resolved, store: slow(store, seen), storageDir, clock: options.clock ?? systemClock, concurrency: 2, cancelGraceMs: 10, codeVersion: "v", env: {}, owner: thisProcess() }); // prettier-ignore
  return session.materialize("*", options.signal ? { signal: options.signal } : {});
}

/** Time that goes by `stepMs` whenever somebody looks. */
function hasty(stepMs: number): Clock {
  let nowMs = 1_000_000;
  return { ...systemClock, nowMs: () => (nowMs += stepMs), sleep: (ms, signal) => systemClock.sleep(ms, signal) };
}

test("short steps are claimed ahead, so that one batch ends many; none starts before its claim is stored, and no more than may at once", async () => {
  let now = 0;
  let most = 0;
  const unclaimed: string[] = [];
  const { runId, status } = await runAll(
    async (step) => {
      most = Math.max(most, ++now);
      if (!seen.claimed.has(step)) unclaimed.push(step);
      await Promise.resolve();
      now--;
    },
    { clock: hasty(0) },
  );
  expect(status).toBe("SUCCESS");
  expect([most, unclaimed]).toEqual([2, []]);
  expect(Math.max(...seen.batches.map(({ completions }) => completions.length))).toBeGreaterThan(4);
  const events = await store.events({ runId, afterSeq: 0, limit: 1000 });
  for (const { key } of await store.steps(runId))
    expect(events.filter(({ stepKey }) => stepKey === key).map(({ type }) => type)).toEqual([
      "ASSET_MATERIALIZATION_PLANNED",
      "STEP_START",
      "HANDLED_OUTPUT",
      "ASSET_MATERIALIZATION",
      "STEP_SUCCESS",
    ]);
});

test("nothing is claimed ahead of long steps: what waits is waiting", async () => {
  await runAll(() => undefined, { clock: hasty(20) });
  expect(seen.batches.flatMap(({ claims }) => claims).filter(({ ahead }) => ahead)).toEqual([]);
});

test("a cancel ends what was claimed ahead without running it", async () => {
  const canceling = new AbortController();
  const ran: string[] = [];
  const { runId, status } = await runAll(
    async (step) => {
      ran.push(step);
      if (ran.length === 6) canceling.abort();
      await Promise.resolve();
    },
    { clock: hasty(0), signal: canceling.signal },
  );
  expect(status).toBe("CANCELED");
  const ahead = seen.batches.flatMap(({ claims }) => claims).filter((claim) => claim.ahead && !ran.includes(claim.stepKey));
  expect(ahead.length).toBeGreaterThan(0);
  for (const { attemptId } of ahead) expect(await store.attemptOutcome(attemptId)).toBe("CANCELED");
  const left = (await store.steps(runId)).filter(({ key }) => !ran.includes(key));
  expect(new Set(left.map((step) => step.status))).toEqual(new Set(["CANCELED"]));
});

test("a cancel that comes while claims ahead are being stored ends each of them once", async () => {
  const canceling = new AbortController();
  const ran: string[] = [];
  seen.onBatch = ({ claims }) => {
    if (claims.filter(({ ahead }) => ahead).length > 4) canceling.abort();
  };
  const { runId, status } = await runAll(
    async (step) => {
      ran.push(step);
      await Promise.resolve();
    },
    { clock: hasty(0), signal: canceling.signal },
  );
  expect([status, canceling.signal.aborted]).toEqual(["CANCELED", true]);
  const events = await store.events({ runId, afterSeq: 0, limit: 1000 });
  const told = (type: string): string[] => events.filter((event) => event.type === type).map(({ stepKey = "" }) => stepKey);
  const left = (await store.steps(runId)).map(({ key }) => key).filter((key) => !ran.includes(key));
  expect(left.length).toBeGreaterThan(4);
  expect(told("STEP_CANCELED").sort()).toEqual(left);
  expect(told("ASSET_FAILED_TO_MATERIALIZE").sort()).toEqual(left);
});
