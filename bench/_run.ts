import type { NewRun, RunStore } from "../src/storage/run-store.js";

/** Makes a run of no steps to write events into. Resolves to its epoch. */
export async function claimedRun(store: RunStore, id: string, rest: Partial<NewRun> = {}): Promise<number> {
  await store.createRun({
    id,
    tags: {},
    selection: "*",
    codeVersion: "-",
    createdAtMs: 1,
    plan: {},
    config: {},
    steps: [],
    events: [],
    status: "NOT_STARTED",
    ...rest,
  });
  return (await store.claimRun(id, { pid: process.pid, processStartedAt: "-", bootId: "-", host: "-" }, 1, 3_600_000)) ?? 0;
}
