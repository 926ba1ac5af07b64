import pc from "picocolors";
import type { BackfillRun } from "../../src/planning/backfill/run-groups.js";
import type { RunPlan } from "../../src/model/run-plan.js";
import type { BackfillRunReport } from "../launch/backfill-driver.js";
import { fit } from "./fit.js";
import { countOf, durationText } from "./format.js";

/** What the display of a backfill needs of the world. */
export interface BackfillProgressSettings {
  readonly out: NodeJS.WriteStream;
  /** The runs that it takes, where that is known. */
  readonly runs: number | undefined;
  nowMs(): number;
}

const DRAW_MS = 100;
const BAR = 24;

/** Shows a backfill as its runs end: a line for each that did not succeed, and a live picture of all; plain lines where there is no terminal. */
export class BackfillProgressLines {
  readonly #settings: BackfillProgressSettings;
  readonly #isLive: boolean;
  readonly #beganMs: number;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #ended = 0;
  #failed = 0;
  #reused = 0;
  #drawn = false;

  constructor(settings: BackfillProgressSettings) {
    this.#settings = settings;
    this.#isLive = settings.out.isTTY && process.env.CI === undefined;
    this.#beganMs = settings.nowMs();
  }

  /** Takes the end of a run. */
  ended(run: BackfillRun, report: BackfillRunReport): void {
    this.#ended += 1;
    if (report.status === "FAILURE") this.#failed += 1;
    const wasReused = report.reused.length === run.assets.length;
    if (wasReused) this.#reused += 1;
    const { mark, note } = wasReused ? { mark: pc.dim("="), note: "reused" } : marked(report);
    const name = `${mark} ${run.assets.join(", ")}  ${rangesText(report.plan)}`.trimEnd();
    if (!this.#isLive || report.status !== "SUCCESS") this.#print(`${name}${note === "" ? "" : pc.dim(`  ${note}`)}\n`);
    this.#draw();
  }

  /** Takes the live picture away. */
  close(): void {
    this.#print("");
  }

  #print(text: string): void {
    this.#settings.out.write(`${this.#drawn ? "\r\u001b[K" : ""}${text}`);
    this.#drawn = false;
  }

  #draw(): void {
    const { out, runs, nowMs } = this.#settings;
    if (!this.#isLive || nowMs() - this.#drawnMs < DRAW_MS) return;
    this.#drawnMs = nowMs();
    const full = runs === undefined ? 0 : Math.min(BAR, Math.floor((this.#ended / Math.max(1, runs)) * BAR));
    const bar = runs === undefined ? "" : `${"█".repeat(full)}${"░".repeat(BAR - full)} `;
    const elapsedMs = nowMs() - this.#beganMs;
    const left =
      runs !== undefined && this.#ended > 0 && this.#ended < runs
        ? ` · about ${durationText((elapsedMs / this.#ended) * (runs - this.#ended))} left`
        : "";
    const counts = `${this.#ended}${runs === undefined ? "" : ` of ${runs}`} runs${this.#failed > 0 ? ` · ${countOf(this.#failed, "failure")}` : ""}${this.#reused > 0 ? ` · ${this.#reused} reused` : ""} · ${durationText(elapsedMs)}${left}`;
    this.#print(fit(`${bar}${counts}`, (out.columns ?? 80) - 1));
    this.#drawn = true;
  }
}

function marked({ status, runId, reused }: BackfillRunReport): { readonly mark: string; readonly note: string } {
  if (status === "SUCCESS") return { mark: pc.green("✓"), note: reused.length === 0 ? "" : `reused: ${reused.join(", ")}` };
  return { mark: status === "FAILURE" ? pc.red("✗") : pc.yellow("■"), note: `run ${runId.slice(-12)}` };
}

function rangesText({ partitions }: RunPlan): string {
  return (partitions?.ranges ?? []).map(([first, last]) => (first === last ? first : `${first}...${last}`)).join(", ");
}
