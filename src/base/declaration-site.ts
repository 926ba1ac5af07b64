import { relative } from "node:path";
import { fileURLToPath } from "node:url";

type Door = Function;

/** Where a declaration stands in the user's code; printed as `Class.method (file:line)`. */
export class DeclarationSite {
  #owner: string | undefined;
  readonly #captured: { stack?: string };
  #place: string | undefined;

  constructor(captured: { stack?: string }) {
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
    return (this.#place ??= placeOf(this.#captured.stack));
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
  const captured: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(captured, door);
  Error.stackTraceLimit = limit;
  return new DeclarationSite(captured);
}

function placeOf(stack: string | undefined): string {
  const frame = stack?.split("\n").find((line) => /^\s*at /.test(line));
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
