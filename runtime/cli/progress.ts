import pc from "picocolors";
import type { NewEvent } from "../../src/model/event.js";
import type { RunPlan } from "../../src/model/run-plan.js";
import { durationText, errorText } from "./format.js";

/** What the progress display needs of the world. */
export interface ProgressSettings {
  readonly out: NodeJS.WriteStream;
  readonly plan: RunPlan;
  /** A live picture when true, one line a change when false. */
  readonly live: boolean;
  readonly level: "debug" | "info" | "warn" | "error";
  nowMs(): number;
}

const LEVELS = ["debug", "info", "warn", "error"];
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** Shows a run as it goes: what runs, what waits, what checks found. Plain lines when it is not a terminal. */
export class Progress {
  readonly #settings: ProgressSettings;
  readonly #started = new Map<string, number>();
  readonly #beganMs: number;
  #done = 0;
  #failed = 0;
  #drawn = 0;
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: ProgressSettings) {
    this.#settings = settings;
    this.#beganMs = settings.nowMs();
    if (settings.live) {
      this.#timer = setInterval(() => this.#draw(), 100);
      this.#timer.unref();
    }
  }

  /** Takes an event that has become durable. */
  event(event: NewEvent): void {
    const line = this.#lineFor(event);
    if (line !== undefined) this.#print(line);
    else if (this.#settings.live) this.#draw();
  }

  /** Takes the live picture away. */
  close(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #lineFor(event: NewEvent): string | undefined {
    const step = event.stepKey ?? "";
    const payload = event.payload ?? {};
    switch (event.type) {
      case "STEP_START":
        this.#started.set(step, event.atMs);
        return undefined;
      case "STEP_SUCCESS":
        return this.#end(step, event, `${pc.green("✓")} ${step} ${pc.dim(this.#took(step, event))}`);
      case "STEP_FAILURE":
        this.#failed += 1;
        return this.#end(
          step,
          event,
          `${pc.red("✗")} ${step} ${pc.dim(this.#took(step, event))}\n${indent(payload.error ? errorText(payload.error) : "")}`,
        );
      case "STEP_UP_FOR_RETRY":
        this.#started.delete(step);
        return `${pc.yellow("↻")} ${step} failed, next try in ${durationText(payload.waitMs ?? 0)}${payload.error ? `: ${payload.error.message}` : ""}`;
      case "STEP_SKIPPED":
        return this.#end(step, event, `${pc.dim("–")} ${step} ${pc.dim(`skipped: "${payload.reason}" did not give what it needs`)}`);
      case "STEP_NOT_RUN":
        return this.#end(step, event, `${pc.dim("–")} ${step} ${pc.dim(`not run: "${payload.reason}" failed`)}`);
      case "STEP_CANCELED":
        return this.#end(step, event, `${pc.yellow("■")} ${step} ${pc.dim("canceled")}`);
      case "ASSET_CHECK_EVALUATION": {
        const { check } = payload;
        if (!check) return undefined;
        const mark = check.passed ? pc.green("✓") : check.severity === "WARN" ? pc.yellow("!") : pc.red("✗");
        return `  ${mark} check ${event.assetKey}#${check.name}${check.description ? pc.dim(` ${check.description}`) : ""}`;
      }
      case "LOG":
        if (LEVELS.indexOf(payload.level ?? "info") < LEVELS.indexOf(this.#settings.level)) return undefined;
        return `  ${pc.dim(`${step} ${payload.level}`)} ${payload.message}${payload.fields ? pc.dim(` ${JSON.stringify(payload.fields)}`) : ""}`;
      case "OUTPUT":
        return `  ${pc.dim(`${step} │`)} ${payload.message}`;
      case "ATTEMPT_ABANDONED":
        return `${pc.red("!")} ${step} ${payload.reason}`;
      case "RUN_CANCELING":
        return pc.yellow("Canceling: running steps are asked to stop. Press Ctrl-C again to stop at once.");
      case "ENGINE_EVENT":
      case "RESOURCE_INIT_FAILURE":
      case "RESOURCE_TEARDOWN_FAILURE":
        return payload.error ? errorText(payload.error) : payload.message;
      default:
        return undefined;
    }
  }

  #end(step: string, _event: NewEvent, line: string): string {
    this.#started.delete(step);
    this.#done += 1;
    return line;
  }

  #took(step: string, event: NewEvent): string {
    const since = this.#started.get(step);
    return since === undefined ? "" : durationText(event.atMs - since);
  }

  #print(line: string): void {
    this.#erase();
    this.#settings.out.write(`${line}\n`);
    if (this.#settings.live) this.#draw();
  }

  #erase(): void {
    if (this.#drawn > 0) this.#settings.out.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    this.#erase();
    const now = this.#settings.nowMs();
    const total = this.#settings.plan.steps.length;
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const lines = [...this.#started]
      .slice(0, 8)
      .map(([step, since]) => `${pc.cyan(FRAMES[this.#frame] ?? "")} ${step} ${pc.dim(durationText(now - since))}`);
    const elapsedMs = now - this.#beganMs;
    const left =
      this.#done > 0 && this.#done < total ? `, about ${durationText((elapsedMs / this.#done) * (total - this.#done))} left` : "";
    const waiting = Math.max(0, total - this.#done - this.#started.size);
    lines.push(
      pc.dim(
        `${this.#done}/${total} done, ${this.#started.size} running, ${waiting} waiting${this.#failed > 0 ? `, ${this.#failed} failed` : ""} · ${durationText(elapsedMs)}${left}`,
      ),
    );
    const width = this.#settings.out.columns ?? 80;
    this.#settings.out.write(lines.map((line) => `${cut(line, width)}\n`).join(""));
    this.#drawn = lines.length;
  }
}

function cut(line: string, width: number): string {
  return line.length > width + 20 ? `${line.slice(0, width + 18)}…\u001b[0m` : line;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
