import pc from "picocolors";
import { systemClock } from "../../../src/base/clock.js";
import type { EventRecord } from "../../../src/model/event.js";
import type { StepRecord, StepStatus } from "../../../src/model/run.js";
import type { RunPlan } from "../../../src/model/run-plan.js";
import type { MaterializeOptions, RunReport, Session } from "../../launch/session.js";
import type { Settings } from "../../instance/settings.js";
import { EXIT } from "../exit-codes.js";
import { countOf, durationText, metadataText } from "../format.js";
import { Progress } from "../progress.js";
import { shortId } from "../project.js";
import { stoppable } from "../stoppable.js";
import { allEvents } from "../run-events.js";

/** Runs something in the foreground: shows how it goes, cancels on Ctrl-C, stops at once on a second one. `start` resolves to `undefined` when nothing is to run. */
export async function runInTerminal(
  session: Session,
  settings: Settings,
  json: boolean,
  start: (options: Pick<MaterializeOptions, "signal" | "onPlan" | "onEvent">) => Promise<RunReport | undefined>,
): Promise<number> {
  const beganMs = systemClock.nowMs();
  let progress: Progress | undefined;
  try {
    const report = await stoppable((signal) =>
      start({
        signal,
        onPlan: (plan, runId) => {
          if (json) return;
          process.stdout.write(pc.dim(`Run ${shortId(runId)}: ${countText(plan)}\n`));
          progress = new Progress({
            out: process.stdout,
            plan,
            live: process.stdout.isTTY && process.env.CI === undefined,
            level: settings.logLevel,
            nowMs: () => systemClock.nowMs(),
          });
        },
        onEvent: (event) => progress?.event(event),
      }),
    );
    progress?.close();
    if (!report) {
      process.stdout.write(json ? "null\n" : "Nothing is stale or missing.\n");
      return EXIT.ok;
    }
    await conclude(session, report, systemClock.nowMs() - beganMs, json);
    return report.status === "SUCCESS" ? EXIT.ok : report.status === "CANCELED" ? EXIT.canceled : EXIT.failed;
  } finally {
    progress?.close();
  }
}

function countText(plan: RunPlan): string {
  const assets = plan.steps.reduce((sum, step) => sum + step.assets.length, 0);
  const checks = plan.steps.reduce((sum, step) => sum + step.checks.length, 0);
  return `${countOf(assets, "asset")}, ${countOf(checks, "check")}`;
}

async function conclude(session: Session, report: RunReport, tookMs: number, json: boolean): Promise<void> {
  const [events, steps] = await Promise.all([allEvents(session.store, report.runId), session.store.steps(report.runId)]);
  if (json) {
    process.stdout.write(`${JSON.stringify({ runId: report.runId, status: report.status, durationMs: tookMs, steps, events })}\n`);
    return;
  }
  const made = events.filter((event) => event.type === "ASSET_MATERIALIZATION");
  const told = made.map(materializationText).join("");
  process.stdout.write(`${told === "" ? "" : "\n"}${told}\n${conclusion(report, steps, { made, tookMs })}\n`);
  if (report.status === "SUCCESS") return;
  const id = shortId(report.runId);
  process.stdout.write(pc.dim(`See \`millrace logs ${id}\`; \`millrace retry ${id}\` runs again what did not succeed.\n`));
}

const WORDS = {
  SUCCESS: pc.green("succeeded"),
  FAILURE: pc.red("failed"),
  CANCELED: pc.yellow("was canceled"),
};

function conclusion(
  report: RunReport,
  steps: readonly StepRecord[],
  of: { readonly made: readonly EventRecord[]; readonly tookMs: number },
): string {
  const count = (status: StepStatus, word: string): string[] => {
    const found = steps.filter((step) => step.status === status).length;
    return found === 0 ? [] : [`${countOf(found, "step")} ${word}`];
  };
  const counts = [
    madeText(of.made),
    ...count("REUSED", "reused"),
    ...count("FAILURE", "failed"),
    ...count("NOT_RUN", "not run"),
    ...count("SKIPPED", "skipped"),
    ...count("CANCELED", "canceled"),
  ];
  return `Run ${shortId(report.runId)} ${WORDS[report.status]} in ${durationText(of.tookMs)}: ${counts.join(", ")}.`;
}

function madeText(made: readonly EventRecord[]): string {
  const assets = new Set(made.map((event) => event.assetKey)).size;
  const partitions = made.filter((event) => event.partition).length;
  return `${countOf(assets, "asset")} materialized${partitions > 1 ? ` in ${countOf(partitions, "partition")}` : ""}`;
}

const LONG: readonly string[] = ["table", "table_schema", "column_lineage", "md"];

/** What the author reports of an asset; what managers add, and what needs more than a line, is left to `millrace show`. */
function materializationText(event: EventRecord): string {
  const metadata = Object.entries(event.payload?.metadata ?? {}).filter(
    ([name, value]) => !name.startsWith("millrace/") && !LONG.includes(value.type),
  );
  if (metadata.length === 0) return "";
  const width = Math.max(...metadata.map(([name]) => name.length));
  const lines = metadata.map(([name, value]) => `  ${pc.dim(name.padEnd(width))}  ${metadataText(value)}\n`);
  return `${pc.bold(event.assetKey ?? "")}${event.partition ? ` ${event.partition.key}` : ""}\n${lines.join("")}`;
}
