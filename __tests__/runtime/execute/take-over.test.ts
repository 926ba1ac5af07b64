import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineAssets, Definitions, InMemoryIOManager, output, RetryRequested } from "../../../runtime/entries/index.js";
import { thisProcess } from "../../../runtime/instance/process-identity.js";
import { Session } from "../../../runtime/launch/session.js";
import { scanDefinitions } from "../../../runtime/scan/scan-definitions.js";
import { openMemoryStore } from "../../../runtime/store/memory-store.js";
import { systemClock } from "../../../src/base/clock.js";
import type { EventRecord } from "../../../src/model/event.js";
import type { RunPlan } from "../../../src/model/run-plan.js";
import { RunState } from "../../../src/planning/run-state.js";
import type { RunBatch } from "../../../src/storage/run-store.js";
import type { Store } from "../../../src/storage/store.js";

/** Three layers of four assets; those of a seed fail, are left out, or are tried again. */
const definitionsOf = (seed: number): Definitions => {
  const key = (layer: number, index: number): string => `l${layer}_${index}`;
  const assets = [0, 1, 2].flatMap((layer) =>
    [0, 1, 2, 3].map((index) => {
      const fate = (seed * 7 + layer * 5 + index * 3) % 9;
      const deps = layer === 0 ? [] : [key(layer - 1, index), key(layer - 1, (index + seed) % 4)];
      return defineAssets({
        specs: [{ key: key(layer, index), deps: [...new Set(deps)], skippable: true }],
        run: async function* (context) {
          if (fate === 0) throw new Error("fails");
          if (fate === 1 && context.retryNumber === 0) throw new RetryRequested();
          if (fate !== 2) yield output(key(layer, index), `${layer}.${index}`);
        },
      });
    }),
  );
  return new Definitions({ assets, io: InMemoryIOManager.with({}) });
};

const folded = (plan: RunPlan, log: readonly EventRecord[]): RunState => {
  const state = new RunState(plan);
  for (const event of log) state.apply(event);
  return state;
};

/** Follows each batch of the owner: what it starts and passes over is what a full fold of the log so far says. */
function watched(store: Store, compared: { batches: number }): Store {
  const logOf = (runId: string) => store.events({ runId, afterSeq: 0, limit: 10_000 });
  const expectClaims = async (batch: RunBatch, plan: RunPlan): Promise<void> => {
    const state = folded(plan, await logOf(batch.runId));
    for (const event of [...batch.completions.flatMap(({ events }) => events), ...batch.events]) state.apply(event);
    const { ready, passed } = state.advance();
    expect(passed).toEqual([]);
    expect(batch.claims.filter(({ attempt }) => attempt === 1).map(({ stepKey }) => stepKey)).toEqual(ready.map(({ key }) => key));
  };
  return {
    ...store,
    commit: async (batch) => {
      const plan = (await store.getRun(batch.runId))?.plan as unknown as RunPlan;
      await expectClaims(batch, plan);
      const result = await store.commit(batch);
      const state = folded(plan, await logOf(batch.runId));
      expect((await store.steps(batch.runId)).map(({ key, status }) => [key, status])).toEqual(
        plan.steps.map(({ key }) => [key, state.statusOf(key)]),
      );
      compared.batches++;
      return result;
    },
  };
}

test("a process that takes a run over between any two batches finds the steps that the owner would start next", async () => {
  const storageDir = mkdtempSync(join(tmpdir(), "millrace-take-over-"));
  const compared = { batches: 0 };
  const seen = new Set<string>();
  for (let seed = 0; seed < 12; seed++) {
    const store = openMemoryStore();
    const resolved = await scanDefinitions(definitionsOf(seed), "The definitions");
    const session = new Session({ resolved, store: watched(store, compared), storageDir, clock: systemClock, concurrency: 99, cancelGraceMs: 10, codeVersion: "v", env: {}, owner: thisProcess() }); // prettier-ignore
    const { runId } = await session.materialize();
    for (const { status } of await store.steps(runId)) seen.add(status);
    for (const { type } of await store.events({ runId, afterSeq: 0, limit: 1000 })) if (type === "STEP_UP_FOR_RETRY") seen.add(type);
    await store.close();
  }
  rmSync(storageDir, { recursive: true });
  expect([...seen].sort()).toEqual(["FAILURE", "NOT_RUN", "SKIPPED", "STEP_UP_FOR_RETRY", "SUCCESS"]);
  expect(compared.batches).toBeGreaterThan(50);
});
