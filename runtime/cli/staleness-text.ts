import pc from "picocolors";
import type { StalenessIndex } from "../../src/planning/staleness/staleness-index.js";
import type { StaleCause, StalenessStatus } from "../../src/planning/staleness/staleness.js";

/** A cause in plain words: one sentence with the asset (or partition) itself as its subject. */
export function causeText(cause: StaleCause): string {
  const it = named(cause.key, cause.partition);
  if (cause.kind === "code-changed")
    return `${it} has code version "${cause.current}", and was made by ${cause.recorded === undefined ? "code without a version" : `"${cause.recorded}"`}`;
  const upstream = named(cause.upstream, cause.upstreamPartition);
  switch (cause.kind) {
    case "data-changed":
      return cause.recorded === undefined
        ? `${it} was made before ${upstream} had a data version`
        : `${it} was made from ${upstream} as it was: data version ${shortVersion(cause.recorded)}, now ${shortVersion(cause.current)}`;
    case "upstream-added":
      return `${it} needs ${upstream}, and was made without it`;
    case "upstream-removed":
      return `${it} was made from ${upstream}, which it needs no longer`;
    case "partitions-changed":
      return `${it} needs other partitions of ${upstream} than it was made from: ${cause.added} more, ${cause.removed} no longer`;
    case "upstream-stale":
      return `${it} needs ${upstream}, which is stale`;
    case "upstream-missing":
      return `${it} needs ${upstream}, which is missing`;
  }
}

function named(key: string, partition: string | undefined): string {
  return partition === undefined ? key : `${key}[${partition}]`;
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

/** How many partitions of a divided asset are in each state. */
export interface PartitionCounts {
  readonly total: number;
  readonly stale: number;
  readonly missing: number;
}

/** Empty for an asset that is not divided. */
export function partitionCounts(index: StalenessIndex, key: string): { readonly partitions?: PartitionCounts } {
  const space = index.spaceOf(key);
  if (!space) return {};
  const [stale, missing] = [index.partitionsThatAre("stale", key).size, index.partitionsThatAre("missing", key).size];
  return { partitions: { total: space.size, stale, missing } };
}

/** `3 stale, 12 missing of 182`, or `fresh`. */
export function partitionsText({ total, stale, missing }: PartitionCounts): string {
  const counts = [...(stale > 0 ? [pc.yellow(`${stale} stale`)] : []), ...(missing > 0 ? [`${missing} missing`] : [])];
  return counts.length === 0 ? pc.green("fresh") : `${counts.join(", ")} of ${total}`;
}

/** A version that is derived is a long hash, of which the beginning tells it from others. */
function shortVersion(version: string): string {
  return /^[0-9a-f]{32}$/.test(version) ? version.slice(0, 8) : version;
}
