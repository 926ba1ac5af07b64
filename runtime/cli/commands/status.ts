import pc from "picocolors";
import { systemClock } from "../../../src/base/clock.js";
import type { RunRecord } from "../../../src/model/run.js";
import type { RunStore } from "../../../src/storage/run-store.js";
import { VERSION } from "../../bootstrap/version.js";
import { EXIT } from "../exit-codes.js";
import { durationText, indented, statusText } from "../format.js";
import type { CommonOptions } from "../program.js";
import { shortId, withStore } from "../project.js";
import { selectionText } from "../selection-text.js";
import { table } from "../table.js";

/** A run that goes on, with the steps that run now. */
interface RunningRun {
  readonly runId: string;
  readonly status: string;
  readonly selection: string;
  readonly runningMs: number;
  readonly steps: readonly RunningStep[];
}

interface RunningStep {
  readonly key: string;
  readonly attempt: number;
  readonly runningMs: number;
  /** Since its last event: its start, a log line, a line of output. */
  readonly silentMs: number;
}

/** `millrace status` */
export function status(options: CommonOptions): Promise<number> {
  return withStore(options, async (store, settings) => {
    const [info, counts, started] = await Promise.all([
      store.info(),
      store.countRuns(),
      store.listRuns({ statuses: ["STARTED", "CANCELING"], limit: 100 }),
    ]);
    const nowMs = systemClock.nowMs();
    const running = await Promise.all(started.map((run) => runningRun(store, run, nowMs)));
    const versions = { millrace: VERSION, node: process.versions.node };
    if (options.json) {
      const { store: _, ...told } = settings; // its address holds a password
      process.stdout.write(`${JSON.stringify({ versions, store: info, settings: told, runs: counts, running })}\n`);
      return EXIT.ok;
    }
    const runs = Object.entries(counts).map(([name, count]) => `${count} ${statusText(name)}`);
    const line = (name: string, text: string): string => `${pc.dim(name.padEnd(11))}  ${text}\n`;
    process.stdout.write(
      [
        line("millrace", `${versions.millrace} on Node ${versions.node}`),
        line("store", `${info.path} (schema version ${info.schemaVersion}, fsync ${info.fsync})`),
        line("definitions", settings.definitions ?? "none found"),
        line("runs", runs.join(", ") || "none yet"),
        ...running.map(runningText),
      ].join(""),
    );
    return EXIT.ok;
  });
}

async function runningRun(store: RunStore, run: RunRecord, nowMs: number): Promise<RunningRun> {
  const [steps, heard] = await Promise.all([store.steps(run.id), store.lastHeard(run.id)]);
  const since = (ms: number | undefined): number => Math.max(0, nowMs - (ms ?? nowMs));
  return {
    runId: run.id,
    status: run.status,
    selection: selectionText(run),
    runningMs: since(run.startedAtMs),
    steps: steps
      .filter((step) => step.status === "RUNNING")
      .map(({ key, attempt, startedAtMs }) => ({
        key,
        attempt,
        runningMs: since(startedAtMs),
        silentMs: since(heard[key] ?? startedAtMs),
      })),
  };
}

function runningText(run: RunningRun): string {
  const head = `\nRun ${shortId(run.runId)} ${statusText(run.status)}, ${run.selection}, for ${durationText(run.runningMs)}\n`;
  if (run.steps.length === 0) return head;
  const rows = run.steps.map((step) => [step.key, durationText(step.runningMs), durationText(step.silentMs)]);
  return `${head}${indented(table(["step", "runs for", "silent for"], rows), "  ")}\n`;
}
