import pc from "picocolors";
import type { StoredError } from "../../src/model/event.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";

/** `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 10 min`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${String(Math.floor((ms % 60_000) / 1_000)).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** A day in local time. */
export function dayText(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** A time of the day in local time, to the second. */
export function clockText(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** A moment in local time, to the second. */
export function timeText(ms: number): string {
  return `${dayText(ms)} ${clockText(ms)}`;
}

/** `1 asset`, `2 assets`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A status in its colour. */
export function statusText(status: string): string {
  if (status === "SUCCESS") return pc.green(status);
  if (status === "FAILURE") return pc.red(status);
  return status === "SKIPPED" || status === "NOT_RUN" || status === "REUSED" ? pc.dim(status) : pc.yellow(status);
}

/** Each line of a text behind the same margin. */
export function indented(text: string, margin = "    "): string {
  return text
    .split("\n")
    .map((line) => `${margin}${line}`)
    .join("\n");
}

/** A metadata value on one line, as far as it fits. */
export function metadataText(value: MetadataValue, width = 100): string {
  const text = ((): string => {
    switch (value.type) {
      case "int":
        return value.value.toLocaleString("en-US");
      case "timestamp":
        return timeText(value.value);
      case "table":
        return countOf(value.value.records.length, "row");
      case "table_schema":
        return value.value.map((column) => (column.type === undefined ? column.name : `${column.name} ${column.type}`)).join(", ");
      case "column_lineage":
        return Object.entries(value.value)
          .map(([column, from]) => `${column} ← ${from.map((one) => `${one.asset}.${one.column}`).join(", ")}`)
          .join("; ");
      case "code_references":
        return value.value.map(({ file, line, url }) => url ?? (line === undefined ? file : `${file}:${line}`)).join(", ");
      case "text":
      case "url":
      case "path":
      case "notebook":
      case "md":
      case "asset":
      case "run":
      case "job":
        return value.value.split("\n")[0] ?? "";
      default:
        return JSON.stringify(value.value);
    }
  })();
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

/** A line for each metadata value; none where there is no metadata. */
export function metadataLines(metadata: Readonly<Record<string, MetadataValue>> | undefined, margin = "  "): string[] {
  return Object.entries(metadata ?? {}).map(([name, value]) => `${margin}${pc.dim(`${name}:`)} ${metadataText(value)}`);
}

/** An error with its causes, the user's own frames first. */
export function errorText(error: StoredError, frames = 6): string {
  const stack = error.stack?.split("\n").slice(0, frames).join("\n");
  const cause = error.cause ? `\ncaused by ${errorText(error.cause, 3)}` : "";
  return `${pc.red(error.name)}: ${error.message}${stack ? `\n${pc.dim(stack)}` : ""}${cause}`;
}
