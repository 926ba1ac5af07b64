import pc from "picocolors";
import type { EventPayload, NewEvent } from "../../src/model/event.js";
import { columnChangeText } from "../../src/model/schema-change.js";
import { durationText, errorText, indented, metadataLines } from "./format.js";

/** What decides how an event is told beside the event itself. */
export interface LineSettings {
  readonly level: "debug" | "info" | "warn" | "error";
  /** Whether the step only evaluates a check: then the check's line says all. */
  readonly checkOnly: boolean;
  /** Since the step's attempt started. */
  readonly tookMs?: number;
}

const LEVELS = ["debug", "info", "warn", "error"];

/** The line (or lines) that stay on the terminal after this event; `undefined` when there is nothing to tell. */
export function progressLine(event: NewEvent, settings: LineSettings): string | undefined {
  const { stepKey = "", payload = {} } = event;
  const took = settings.tookMs === undefined ? "" : `  ${pc.dim(durationText(settings.tookMs))}`;
  switch (event.type) {
    case "STEP_SUCCESS":
      return settings.checkOnly ? undefined : `${pc.green("✓")} ${stepKey}${took}`;
    case "STEP_FAILURE":
      return [
        `${pc.red("✗")} ${stepKey}${took}`,
        ...(payload.error ? [indented(errorText(payload.error))] : []),
        ...metadataLines(payload.metadata, "      "),
      ].join("\n");
    case "STEP_UP_FOR_RETRY":
      return `${pc.yellow("↻")} ${stepKey}${took}  next try in ${durationText(payload.waitMs ?? 0)}${payload.error ? `\n${indented(`${payload.error.name}: ${payload.error.message}`)}` : ""}`;
    case "STEP_REUSED":
      return pc.dim(`= ${stepKey}  reused: its code and its inputs are as they were`);
    case "STEP_SKIPPED":
      return pc.dim(`– ${stepKey}  skipped: "${payload.reason}" did not give what it needs`);
    case "STEP_NOT_RUN":
      return pc.dim(`– ${stepKey}  not run: "${payload.reason}" failed`);
    case "STEP_CANCELED":
      return `${pc.yellow("■")} ${stepKey}  ${pc.dim("canceled")}`;
    case "ATTEMPT_ABANDONED":
      return `${pc.red("!")} ${stepKey}  ${payload.reason}`;
    case "ASSET_CHECK_EVALUATION":
      return checkLine(event, settings.checkOnly ? took : "");
    case "SCHEMA_CHANGE":
      return `${pc.yellow("~")} ${event.assetKey ?? ""}  columns changed: ${(payload.columnChanges ?? []).map(columnChangeText).join("; ")}`;
    case "LOG":
      return logLine(stepKey, payload, settings.level);
    case "OUTPUT":
      return behind(stepKey, payload.message ?? "");
    case "RUN_CANCELING":
      return pc.yellow("Canceling: running steps are asked to stop. Press Ctrl-C again to stop at once.");
    case "ENGINE_EVENT":
      return payload.error ? errorText(payload.error) : payload.message;
    case "RESOURCE_INIT_FAILURE":
    case "RESOURCE_TEARDOWN_FAILURE":
      return `${payload.error ? `${errorText(payload.error)}\n` : ""}${pc.red("✗")} ${payload.message}`;
    default:
      return undefined;
  }
}

function checkLine({ assetKey, payload }: NewEvent, took: string): string | undefined {
  const { check } = payload ?? {};
  if (!check) return undefined;
  const mark = check.passed ? pc.green("✓") : check.severity === "WARN" ? pc.yellow("!") : pc.red("✗");
  return `${mark} ${pc.dim("check")} ${assetKey}#${check.name}${took}${check.description ? `  ${check.description}` : ""}`;
}

function logLine(step: string, payload: EventPayload, least: string): string | undefined {
  const level = payload.level ?? "info";
  if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return undefined;
  const word = level === "error" ? pc.red("error ") : level === "warn" ? pc.yellow("warn ") : level === "debug" ? pc.dim("debug ") : "";
  return behind(step, `${word}${payload.message}${payload.fields ? pc.dim(` ${JSON.stringify(payload.fields)}`) : ""}`);
}

/** What user code said, behind the name of its step. */
function behind(step: string, text: string): string {
  return indented(text, step === "" ? "  " : pc.dim(`  ${step} │ `));
}
