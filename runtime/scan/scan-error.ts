import { DefinitionError } from "../../src/base/errors.js";

/** One thing in the definitions that cannot be what was meant. */
export interface ScanProblem {
  /** Stable code; look it up in `docs/errors.md`. */
  readonly code: string;
  /** A sentence with the author's own names. */
  readonly message: string;
  /** Where: `Class.method (file:line)`. */
  readonly site?: string;
  /** The edit to make. */
  readonly fix: string;
}

/** Everything that the scan found wrong, at once. Thrown before any run starts. */
export class ScanError extends DefinitionError {
  constructor(readonly problems: readonly ScanProblem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const pages = problems.map(
      ({ message, site, fix }, index) => `  ${index + 1}. ${message}${site === undefined ? "" : `\n     at ${site}`}\n     → ${fix}`,
    );
    super("DEFINITION.SCAN", `The definitions have ${count}:\n\n${pages.join("\n\n")}`);
  }
}
