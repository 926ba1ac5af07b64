import pc from "picocolors";
import type { StaleCause, StalenessStatus } from "../../src/planning/staleness/staleness.js";

/** A cause in plain words: one sentence with the asset's own key as its subject. */
export function causeText(cause: StaleCause): string {
  switch (cause.kind) {
    case "code-changed":
      return `${cause.key} has code version "${cause.current}", and was made by ${cause.recorded === undefined ? "code without a version" : `"${cause.recorded}"`}`;
    case "data-changed":
      return cause.recorded === undefined
        ? `${cause.key} was made before ${cause.upstream} had a data version`
        : `${cause.key} was made from ${cause.upstream} as it was: data version ${shortVersion(cause.recorded)}, now ${shortVersion(cause.current)}`;
    case "upstream-added":
      return `${cause.key} needs ${cause.upstream}, and was made without it`;
    case "upstream-removed":
      return `${cause.key} was made from ${cause.upstream}, which it needs no longer`;
    case "upstream-stale":
      return `${cause.key} needs ${cause.upstream}, which is stale`;
    case "upstream-missing":
      return `${cause.key} needs ${cause.upstream}, which is missing`;
  }
}

/** Links of a chain that are shown before the middle of it is left out. */
const SHOWN_LINKS = 8;

/** A chain of causes down to the root, a line a link. */
export function chainLines(chain: readonly StaleCause[]): string[] {
  const lines = chain.map(causeText);
  const hidden = lines.length - SHOWN_LINKS;
  if (hidden <= 1) return lines;
  return [...lines.slice(0, SHOWN_LINKS - 1), pc.dim(`… ${hidden} more, down to`), ...lines.slice(-1)];
}

/** A status in its colour. */
export function stalenessText(status: StalenessStatus): string {
  return status === "fresh" ? pc.green(status) : status === "stale" ? pc.yellow(status) : pc.dim(status);
}

/** A version that is derived is a long hash, of which the beginning tells it from others. */
function shortVersion(version: string): string {
  return /^[0-9a-f]{32}$/.test(version) ? version.slice(0, 8) : version;
}
