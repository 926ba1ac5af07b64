import pc from "picocolors";
import { systemClock } from "../../../src/base/clock.js";
import type { EventRecord, NewEvent } from "../../../src/model/event.js";
import type { RunPlan } from "../../../src/model/run-plan.js";
import type { MaterializeOptions, RunReport, Session } from "../../launch/session.js";
import type { Settings } from "../../instance/settings.js";
import { EXIT } from "../exit-codes.js";
import { durationText, metadataText } from "../format.js";
import { Progress } from "../progress.js";
import { shortId } from "../project.js";

/** Runs something in the foreground: shows how it goes, cancels on Ctrl-C, stops at once on a second one. */
export async function runInTerminal(
  session: Session,
  settings: Settings,
  json: boolean,
  start: (options: Pick<MaterializeOptions, "signal" | "onPlan" | "onEvent">) => Promise<RunReport>,
): Promise<number> {
  const beganMs = systemClock.nowMs();
  const canceler = new AbortController();
  const onSignal = (): void => {
    if (canceler.signal.aborted) process.kill(process.pid, "SIGKILL");
    canceler.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  let progress: Progress | undefined;
  const early: NewEvent[] = [];
  try {
    const report = await start({
      signal: canceler.signal,
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
      onEvent: (event) => (json ? early.push(event) : progress?.event(event)),
    });
    progress?.close();
    await conclude(session, report, systemClock.nowMs() - beganMs, json);
    return report.status === "SUCCESS" ? EXIT.ok : report.status === "CANCELED" ? EXIT.canceled : EXIT.failed;
  } finally {
    progress?.close();
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}

function countText(plan: RunPlan): string {
  const assets = plan.steps.reduce((sum, step) => sum + step.assets.length, 0);
  const checks = plan.steps.reduce((sum, step) => sum + step.checks.length, 0);
  return `${assets} ${assets === 1 ? "asset" : "assets"}, ${checks} ${checks === 1 ? "check" : "checks"}`;
}

async function conclude(session: Session, report: RunReport, tookMs: number, json: boolean): Promise<void> {
  const events = await allEvents(session, report.runId);
  if (json) {
    const steps = await session.store.steps(report.runId);
    process.stdout.write(`${JSON.stringify({ runId: report.runId, status: report.status, durationMs: tookMs, steps, events })}\n`);
    return;
  }
  const made = events.filter((event) => event.type === "ASSET_MATERIALIZATION");
  for (const event of made) process.stdout.write(materializationText(event));
  const word =
    report.status === "SUCCESS" ? pc.green("succeeded") : report.status === "CANCELED" ? pc.yellow("was canceled") : pc.red("failed");
  process.stdout.write(`\nRun ${shortId(report.runId)} ${word} in ${durationText(tookMs)}: ${made.length} materialized.\n`);
  if (report.status !== "SUCCESS")
    process.stdout.write(
      pc.dim(
        `See \`millrace logs ${shortId(report.runId)}\`; \`millrace retry ${shortId(report.runId)}\` runs again what did not succeed.\n`,
      ),
    );
}

async function allEvents(session: Session, runId: string): Promise<EventRecord[]> {
  const all: EventRecord[] = [];
  for (;;) {
    const page = await session.store.events({ runId, afterSeq: all.at(-1)?.seq ?? 0, limit: 1_000 });
    all.push(...page);
    if (page.length < 1_000) return all;
  }
}

function materializationText(event: EventRecord): string {
  const metadata = Object.entries(event.payload?.metadata ?? {}).filter(
    ([name, value]) =>
      !name.startsWith("millrace/") &&
      value.type !== "table" &&
      value.type !== "table_schema" &&
      value.type !== "column_lineage" &&
      value.type !== "md",
  );
  if (metadata.length === 0) return "";
  return `${pc.bold(event.assetKey ?? "")}\n${metadata.map(([name, value]) => `  ${pc.dim(`${name}:`)} ${metadataText(value)}\n`).join("")}`;
}
