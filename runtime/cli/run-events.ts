import type { EventRecord } from "../../src/model/event.js";
import type { RunStore } from "../../src/storage/run-store.js";

const PAGE = 1_000;

/** Every event of a run, in order. */
export async function allEvents(store: RunStore, runId: string): Promise<EventRecord[]> {
  const all: EventRecord[] = [];
  for (;;) {
    const page = await store.events({ runId, afterSeq: all.at(-1)?.seq ?? 0, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
