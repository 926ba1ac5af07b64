import { systemClock } from "../../../src/base/clock.js";
import { EXIT } from "../exit-codes.js";
import { durationText } from "../format.js";
import { shortId, withStore } from "../project.js";
import type { CommonOptions } from "../run-cli.js";

/** `millrace status` */
export function status(options: CommonOptions): Promise<number> {
  return withStore(options, async (store, settings) => {
    const [info, counts, running] = await Promise.all([
      store.info(),
      store.countRuns(),
      store.listRuns({ statuses: ["STARTED", "CANCELING"], limit: 100 }),
    ]);
    const nowMs = systemClock.nowMs();
    const steps = await Promise.all(
      running.map(async (run) => ({ run, steps: (await store.steps(run.id)).filter((step) => step.status === "RUNNING") })),
    );
    if (options.json) {
      process.stdout.write(`${JSON.stringify({ store: info, settings, runs: counts, running: steps })}\n`);
      return EXIT.ok;
    }
    process.stdout.write(`store ${info.path} (schema ${info.schemaVersion}, fsync ${info.fsync})\n`);
    process.stdout.write(`definitions ${settings.definitions ?? "none found"}\n`);
    process.stdout.write(
      `runs ${
        Object.entries(counts)
          .map(([name, count]) => `${count} ${name}`)
          .join(", ") || "none yet"
      }\n`,
    );
    for (const { run, steps: active } of steps) {
      process.stdout.write(`running ${shortId(run.id)} ${run.selection}\n`);
      for (const step of active) process.stdout.write(`  ${step.key} for ${durationText(nowMs - (step.startedAtMs ?? nowMs))}\n`);
    }
    return EXIT.ok;
  });
}
