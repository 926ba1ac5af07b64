import pc from "picocolors";
import { fit, padded, terminalWidth, visibleWidth } from "./fit.js";

const GAP = 2;
/** No column is made narrower than this to fit a terminal, in columns. */
const LEAST = 6;

/** Rows below their head, aligned; where they are wider than `width`, the widest columns are cut. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], width = terminalWidth()): string {
  const widths = shrunk(
    head.map((title, column) => Math.max(visibleWidth(title), ...rows.map((row) => visibleWidth(row[column] ?? "")))),
    width,
  );
  const line = (cells: readonly string[], paint: (text: string) => string): string =>
    widths
      .map((columns, at) => padded(paint(fit(cells[at] ?? "", columns)), columns))
      .join(" ".repeat(GAP))
      .trimEnd();
  return [line(head, pc.dim), ...rows.map((row) => line(row, (text) => text))].join("\n");
}

function shrunk(widths: readonly number[], width: number): readonly number[] {
  const fitted = [...widths];
  const total = (): number => fitted.reduce((sum, columns) => sum + columns, GAP * (fitted.length - 1));
  while (total() > width) {
    const widest = fitted.indexOf(Math.max(...fitted));
    if ((fitted[widest] ?? 0) <= LEAST) return fitted;
    fitted[widest] = (fitted[widest] ?? 0) - 1;
  }
  return fitted;
}
