import { systemClock } from "../../../src/base/clock.js";
import { isFinal } from "../../../src/model/run.js";
import { EXIT } from "../exit-codes.js";
import { runOf, shortId, withStore } from "../project.js";
import type { CommonOptions } from "../program.js";

/** `millrace cancel ID` */
export function cancel(id: string, options: CommonOptions): Promise<number> {
  return withStore(options, async (store) => {
    const run = await runOf(store, id);
    const status = isFinal(run.status) ? run.status : await store.requestCancel(run.id, systemClock.nowMs());
    if (options.json) process.stdout.write(`${JSON.stringify({ runId: run.id, status })}\n`);
    else
      process.stdout.write(
        isFinal(run.status) ? `Run ${shortId(run.id)} has ended already: ${run.status}.\n` : `Run ${shortId(run.id)} is asked to stop.\n`,
      );
    return EXIT.ok;
  });
}
