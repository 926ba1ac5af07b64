const ESCAPE = String.fromCharCode(27);
const ESCAPES = new RegExp(`${ESCAPE}\\[[0-9;]*m`, "g");

/** Columns that a text takes in a terminal: its colours take none. */
export function visibleWidth(text: string): number {
  return [...text.replace(ESCAPES, "")].length;
}

/** The text in at most `width` columns; what does not fit ends in `…`, and no colour leaks out of it. */
export function fit(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text;
  let shown = "";
  let columns = 0;
  let coloured = false;
  for (let at = 0; at < text.length && columns < width - 1;) {
    const escape = text[at] === ESCAPE ? /^\[[0-9;]*m/.exec(text.slice(at + 1)) : null;
    const piece = escape ? ESCAPE + escape[0] : String.fromCodePoint(text.codePointAt(at) ?? 32);
    if (escape) coloured = true;
    else columns += 1;
    shown += piece;
    at += piece.length;
  }
  return `${shown}…${coloured ? `${ESCAPE}[0m` : ""}`;
}

/** The text followed by as many spaces as fill `width` columns. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - visibleWidth(text)));
}

/** Columns of the terminal on standard output; without one nothing is cut. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? (process.stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
}
