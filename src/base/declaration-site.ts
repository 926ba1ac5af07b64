import { findSourceMap, type SourceMap } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

type Door = Function;

/** Where a declaration stands in the user's code; printed as `Class.method (file:line)`. */
export class DeclarationSite {
  #owner: string | undefined;
  readonly #captured: { stack?: unknown };
  #place: string | undefined;

  constructor(captured: { stack?: unknown }) {
    this.#captured = captured;
  }

  /** The same place, told by the class and the method that it belongs to. */
  of(owner: string): DeclarationSite {
    const site = new DeclarationSite(this.#captured);
    site.#owner = owner;
    return site;
  }

  /** `file:line`, relative to the working directory where it lies below it. Read (and mapped to the source) when first asked for. */
  get place(): string {
    return (this.#place ??= placeOf(this.#captured));
  }

  toString(): string {
    return this.#owner === undefined ? this.place : `${this.#owner} (${this.place})`;
  }
}

/**
 * The place from which `door` (the public function that calls this) was called.
 * @remarks Keeps one stack frame; its text is made when it is printed, so that source maps cost nothing until then.
 */
export function declarationSite(door: Door): DeclarationSite {
  const captured: { stack?: unknown } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(captured, door);
  Error.stackTraceLimit = limit;
  return new DeclarationSite(captured);
}

/** Mapped here, and not by Node, which builds the text of a stack to map its one line: that took a third of the scan of 10,000 assets. */
function placeOf(captured: { stack?: unknown }): string {
  const format = Error.prepareStackTrace as typeof Error.prepareStackTrace | undefined;
  Error.prepareStackTrace = (_, frames) => frames;
  const { stack } = captured;
  Error.prepareStackTrace = format as typeof Error.prepareStackTrace;
  if (!Array.isArray(stack)) return placeInText(String(stack));
  const frames = stack as NodeJS.CallSite[];
  const file = frames[0]?.getFileName() ?? "";
  const entry = sourceMapOf(file)?.findEntry((frames[0]?.getLineNumber() ?? 1) - 1, (frames[0]?.getColumnNumber() ?? 1) - 1);
  if (entry !== undefined && "originalSource" in entry) return `${nearPath(entry.originalSource)}:${entry.originalLine + 1}`;
  // Whoever formats stacks in a way of its own maps them, too (Jest does).
  const text = format === undefined ? `    at ${String(frames[0])}` : String(format(captured as Error, frames));
  return placeInText(text);
}

// Kept while one piece of code runs, as a scan does: to ask Node costs more than to read the map, and a module may be loaded anew later.
const sourceMaps = new Map<string, SourceMap | undefined>();

function sourceMapOf(file: string): SourceMap | undefined {
  if (sourceMaps.has(file)) return sourceMaps.get(file);
  if (sourceMaps.size === 0) queueMicrotask(() => sourceMaps.clear());
  const map = findSourceMap(file);
  sourceMaps.set(file, map);
  return map;
}

function placeInText(stack: string): string {
  const frame = stack.split("\n").find((line) => /^\s*at /.test(line));
  const match = frame === undefined ? undefined : /(?:\(|at (?:async )?)([^()]+?):(\d+):\d+\)?$/.exec(frame.trim());
  if (!match?.[1]) return "unknown place";
  return `${nearPath(match[1])}:${match[2] ?? "?"}`;
}

// One file holds many declarations.
const nearPaths = new Map<string, string>();

function nearPath(given: string): string {
  let path = nearPaths.get(given);
  if (path === undefined) {
    const file = given.startsWith("file://") ? fileURLToPath(given) : given;
    const near = relative(process.cwd(), file);
    path = near.startsWith("..") ? file : near;
    nearPaths.set(given, path);
  }
  return path;
}
