import pc from "picocolors";
import type { NewEvent } from "../../src/model/event.js";
import type { RunPlan } from "../../src/model/run-plan.js";
import { progressLine } from "./progress-line.js";
import { fit } from "./fit.js";
import { countOf, durationText } from "./format.js";

/** What the progress display needs of the world. */
export interface ProgressSettings {
  readonly out: NodeJS.WriteStream;
  readonly plan: RunPlan;
  /** A live picture when true, one line a change when false. */
  readonly live: boolean;
  readonly level: "debug" | "info" | "warn" | "error";
  nowMs(): number;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const DRAW_MS = 100;
/** Running steps that have a line of their own in the live picture. */
const SHOWN = 8;
const ENDS: readonly string[] = ["STEP_SUCCESS", "STEP_REUSED", "STEP_FAILURE", "STEP_SKIPPED", "STEP_NOT_RUN", "STEP_CANCELED"];

/** Shows a run as it goes: what runs, what waits, what checks found. Plain lines when it is not a terminal. */
export class Progress {
  readonly #settings: ProgressSettings;
  readonly #started = new Map<string, number>();
  readonly #waiting: Set<string>;
  readonly #checksOnly: ReadonlySet<string>;
  readonly #beganMs: number;
  #done = 0;
  #failed = 0;
  #drawn = 0;
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: ProgressSettings) {
    this.#settings = settings;
    this.#beganMs = settings.nowMs();
    this.#waiting = new Set(settings.plan.steps.map((step) => step.key));
    this.#checksOnly = new Set(settings.plan.steps.filter((step) => step.assets.length === 0).map((step) => step.key));
    if (settings.live) {
      this.#timer = setInterval(() => this.#show([]), DRAW_MS);
      this.#timer.unref();
    }
  }

  /** Takes an event that has become durable. */
  event(event: NewEvent): void {
    const startedMs = this.#started.get(event.stepKey ?? "");
    this.#count(event);
    const line = progressLine(event, {
      level: this.#settings.level,
      checkOnly: this.#checksOnly.has(event.stepKey ?? ""),
      ...(startedMs === undefined ? {} : { tookMs: event.atMs - startedMs }),
    });
    if (line !== undefined) this.#show([line]);
  }

  /** Takes the live picture away. */
  close(): void {
    clearInterval(this.#timer);
    if (this.#drawn > 0) this.#settings.out.write(this.#erasure());
    this.#drawn = 0;
  }

  #count({ type, stepKey = "", atMs }: NewEvent): void {
    if (type === "STEP_START") {
      this.#waiting.delete(stepKey);
      this.#started.set(stepKey, atMs);
    } else if (type === "STEP_UP_FOR_RETRY") {
      this.#started.delete(stepKey);
      this.#waiting.add(stepKey);
    } else if (ENDS.includes(type)) {
      this.#started.delete(stepKey);
      this.#waiting.delete(stepKey);
      this.#done += 1;
      if (type === "STEP_FAILURE") this.#failed += 1;
    }
  }

  /** Writes lines that stay, and the picture anew below them: in one piece, so that nothing flickers. */
  #show(lines: readonly string[]): void {
    const { out, live } = this.#settings;
    const picture = live ? this.#picture() : [];
    const text = [...lines, ...picture].map((line) => `${line}\n`).join("");
    out.write(this.#erasure() + text);
    this.#drawn = picture.length;
  }

  #erasure(): string {
    return this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A\u001b[J`;
  }

  #picture(): string[] {
    const nowMs = this.#settings.nowMs();
    const width = (this.#settings.out.columns ?? 80) - 1;
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const running = [...this.#started].map(
      ([step, sinceMs]) => `${pc.cyan(FRAMES[this.#frame] ?? "")} ${step}  ${pc.dim(durationText(nowMs - sinceMs))}`,
    );
    const hidden = running.length - SHOWN;
    return [
      ...running.slice(0, SHOWN),
      ...(hidden > 0 ? [pc.dim(`  and ${hidden} more`)] : []),
      ...(this.#waiting.size > 0 ? [pc.dim(`  waiting: ${[...this.#waiting].slice(0, 20).join(", ")}`)] : []),
      pc.dim(this.#totals(nowMs - this.#beganMs)),
    ].map((line) => fit(line, width));
  }

  #totals(elapsedMs: number): string {
    const total = this.#settings.plan.steps.length;
    const counts = [
      `${this.#done} of ${countOf(total, "step")} done`,
      ...(this.#failed > 0 ? [`${this.#failed} failed`] : []),
      durationText(elapsedMs),
      ...(this.#done > 0 && this.#done < total ? [`about ${durationText((elapsedMs / this.#done) * (total - this.#done))} left`] : []),
    ];
    return counts.join(" · ");
  }
}
