/** The rows as a table of Markdown, one line each; what a row lacks is left blank. Without columns, nothing. */
export function markdownTable(columns: readonly string[], rows: readonly object[]): string {
  if (columns.length === 0) return "";
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const body = rows.map((row) => line(columns.map((column) => cellText((row as Record<string, unknown>)[column]))));
  return [line(columns.map(cellText)), line(columns.map(() => "---")), ...body].join("\n");
}

/** Backslashes, bars and line breaks would end the cell or the line. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.replace(/[\\|]/g, "\\$&").replace(/\r\n|[\r\n]/g, "<br>");
}
