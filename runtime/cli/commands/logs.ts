import pc from "picocolors";
import { systemClock } from "../../../src/base/clock.js";
import { columnChangeText } from "../../../src/model/schema-change.js";
import { EVENT_TYPES, type EventRecord } from "../../../src/model/event.js";
import { isFinal } from "../../../src/model/run.js";
import { EXIT } from "../exit-codes.js";
import { clockText, dayText, errorText, indented, metadataLines } from "../format.js";
import type { CommonOptions } from "../program.js";
import { runOf, withStore } from "../project.js";

const PAGE = 1_000;
/** How often a followed run is looked at, in milliseconds. */
const FOLLOW_MS = 200;
const TYPE_WIDTH = Math.max(...EVENT_TYPES.map((type) => type.length));

/** `millrace logs ID [--follow]` */
export function logs(id: string, options: CommonOptions & { readonly follow?: boolean }): Promise<number> {
  return withStore(options, async (store) => {
    const run = await runOf(store, id);
    let afterSeq = 0;
    let day: string | undefined;
    for (;;) {
      // Asked before the events: a run that has ended by then writes no more.
      const ended = isFinal((await store.getRun(run.id))?.status ?? "FAILURE");
      const page = await store.events({ runId: run.id, afterSeq, limit: PAGE });
      for (const event of page) {
        if (!options.json && day !== (day = dayText(event.atMs))) process.stdout.write(`${pc.dim(day)}\n`);
        process.stdout.write(`${options.json ? JSON.stringify(event) : eventText(event)}\n`);
      }
      afterSeq = page.at(-1)?.seq ?? afterSeq;
      if (page.length === PAGE) continue;
      if (!options.follow || ended || process.stdout.errored) return EXIT.ok;
      const turn = new AbortController();
      await Promise.race([systemClock.sleep(FOLLOW_MS, turn.signal), store.changed(run.id, turn.signal)]);
      turn.abort();
    }
  });
}

function eventText(event: EventRecord): string {
  const { error, check, message, reason, fields, metadata, columnChanges } = event.payload ?? {};
  const what = check
    ? `${check.name} ${check.passed ? "passed" : `failed (${check.severity})`} ${check.description ?? ""}`
    : [message, reason, fields ? JSON.stringify(fields) : undefined, columnChanges?.map(columnChangeText).join("; ")]
        .filter((part) => part !== undefined)
        .join(" ");
  const head =
    `${pc.dim(clockText(event.atMs))} ${event.type.padEnd(TYPE_WIDTH)} ${event.stepKey ?? event.assetKey ?? ""} ${what}`.trimEnd();
  if (error === undefined) return head;
  const told = [errorText(error), ...metadataLines(metadata)].join("\n"); // of a failure; what was materialized is told by `show`
  return `${head}\n${indented(told, "         ")}`;
}
