import { fsyncSync, openSync, writeSync } from "node:fs";
import type { NewEvent } from "../../src/model/event";
import type { Store } from "../../src/storage/store";

/** What the store has acknowledged: an event of a run, or the run itself. */
export interface Fact {
  readonly runId: string;
  readonly event?: Pick<NewEvent, "type" | "stepKey" | "attempt" | "assetKey" | "atMs">;
}

/** The store, with a file beside it that holds what it acknowledged: a line for each fact, flushed before whoever asked goes on. */
export function witnessed(store: Store, path: string): Store {
  const file = openSync(path, "a");
  const asked = new Set<string>();
  const record = (runId: string, events: readonly NewEvent[], made = false): void => {
    const facts: Fact[] = events.map(({ type, stepKey, attempt, assetKey, atMs }) => ({
      runId,
      event: { type, stepKey, attempt, assetKey, atMs },
    }));
    if (made) facts.push({ runId });
    if (facts.length === 0) return;
    writeSync(file, facts.map((fact) => `${JSON.stringify(fact)}\n`).join(""));
    fsyncSync(file);
  };
  return {
    ...store,
    createRun: async (run) => {
      const made = await store.createRun(run);
      record(run.id, [...run.events, ...(run.claimedBy ? [{ type: "RUN_START", atMs: run.createdAtMs } as const] : [])], true);
      return made;
    },
    commit: async (batch) => {
      const result = await store.commit(batch);
      if (result.ok)
        record(batch.runId, [
          ...batch.completions.flatMap(({ events }) => events),
          ...batch.claims.flatMap(({ stepKey, attempt, nowMs, ahead }) =>
            ahead ? [] : [{ type: "STEP_START", atMs: nowMs, stepKey, attempt } as const],
          ),
          ...batch.events,
          ...(batch.publications ?? [])
            .filter((_, index) => result.granted[index])
            .map(({ assetKey, atMs }) => ({ type: "PUBLISH", atMs, stepKey: assetKey, attempt: 0, assetKey }) as const),
        ]);
      return result;
    },
    appendEvents: async (runId, epoch, attemptId, events) => {
      await store.appendEvents(runId, epoch, attemptId, events);
      record(runId, events);
    },
    requestCancel: async (runId, nowMs) => {
      const status = await store.requestCancel(runId, nowMs);
      if ((status === "CANCELED" || status === "CANCELING") && !asked.has(runId))
        record(runId, [{ type: status === "CANCELED" ? "RUN_CANCELED" : "RUN_CANCELING", atMs: nowMs }]);
      asked.add(runId); // asked twice is stored once
      return status;
    },
  };
}
