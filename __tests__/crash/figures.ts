import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { KillPoint } from "./crash-suite";

/** What came of one kill. */
export interface Outcome {
  readonly point: KillPoint;
  /** Runs that the next command found left by the dead process. */
  readonly repaired: number;
  /** What it took until every asset had its value. */
  readonly retried: "materialized" | "retried" | "done";
  readonly faults: string[];
  readonly tookMs: number;
}

const page = join(resolve(__dirname, "../.."), "docs/reliability.md");
const BEGIN = "<!-- figures -->";
const END = "<!-- end of figures -->";

/** Puts the figures into docs/reliability.md, when asked for by `npm run crash`. */
export function writeFigures(outcomes: readonly Outcome[], hits: readonly string[], tookMs: number): void {
  if (process.env.CRASH_FIGURES !== "write") return;
  const text = readFileSync(page, "utf8");
  const [before = "", rest = ""] = text.split(BEGIN);
  writeFileSync(page, `${before}${BEGIN}\n\n${table(outcomes, hits, tookMs)}\n${END}${rest.split(END)[1] ?? ""}`);
}

function table(outcomes: readonly Outcome[], hits: readonly string[], tookMs: number): string {
  const count = (some: readonly Outcome[], fits: (outcome: Outcome) => boolean): number => some.filter(fits).length;
  const labels = [...new Set(outcomes.map(({ point }) => point.label))].sort();
  const cells = labels.map((label) => {
    const own = outcomes.filter(({ point }) => point.label === label);
    return [
      `\`${label}\``,
      hits.filter((hit) => hit === label).length,
      own.length,
      count(own, ({ repaired }) => repaired > 0),
      count(own, ({ retried }) => retried === "materialized"),
      count(own, ({ retried }) => retried === "retried"),
      count(own, ({ retried }) => retried === "done"),
      count(own, ({ faults }) => faults.length > 0),
    ];
  });
  const head = ["where", "times", "kills", "repaired", "begun anew", "retried", "done before", "untrue"];
  const times = outcomes.map((outcome) => outcome.tookMs).sort((a, b) => a - b);
  const ms = (value: number | undefined): string => `${Math.round(value ?? 0)} ms`;
  return [
    `${outcomes.length} kills at ${labels.length} places in ${(tookMs / 1000).toFixed(0)} s, ${availableParallelism()} at once; one life, its repair and its retry: ${ms(times[times.length >> 1])} (longest ${ms(times.at(-1))}). Untrue afterwards: ${count(outcomes, ({ faults }) => faults.length > 0)}.`,
    "",
    ...[head, head.map((_, index) => (index === 0 ? "---" : "--:")), ...cells].map((row) => `| ${row.join(" | ")} |`),
    "",
  ].join("\n");
}
