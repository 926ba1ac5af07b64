import pc from "picocolors";
import { systemClock } from "../../../src/base/clock.js";
import type { EventRecord } from "../../../src/model/event.js";
import { isFinal } from "../../../src/model/run.js";
import { EXIT } from "../exit-codes.js";
import { errorText, timeText } from "../format.js";
import { runOf, withStore } from "../project.js";
import type { CommonOptions } from "../run-cli.js";

const PAGE = 1_000;

/** `millrace logs ID [--follow]` */
export function logs(id: string, options: CommonOptions & { readonly follow?: boolean }): Promise<number> {
  return withStore(options, async (store) => {
    const run = await runOf(store, id);
    let afterSeq = 0;
    for (;;) {
      const ended = isFinal((await store.getRun(run.id))?.status ?? "FAILURE");
      const page = await store.events({ runId: run.id, afterSeq, limit: PAGE });
      for (const event of page) process.stdout.write(`${options.json ? JSON.stringify(event) : eventText(event)}\n`);
      afterSeq = page.at(-1)?.seq ?? afterSeq;
      if (page.length === PAGE) continue;
      if (!options.follow || ended) return EXIT.ok;
      await systemClock.sleep(200);
    }
  });
}

function eventText(event: EventRecord): string {
  const payload = event.payload ?? {};
  const where = event.stepKey ?? event.assetKey ?? "";
  const what =
    payload.error !== undefined
      ? `\n${errorText(payload.error)}`
      : payload.check
        ? `${payload.check.name} ${payload.check.passed ? "passed" : `failed (${payload.check.severity})`} ${payload.check.description ?? ""}`
        : [payload.message, payload.reason, payload.fields ? JSON.stringify(payload.fields) : undefined]
            .filter((part) => part !== undefined)
            .join(" ");
  return `${pc.dim(timeText(event.atMs))} ${event.type.padEnd(24)} ${where} ${what}`.trimEnd();
}
