import pc from "picocolors";
import { nearest } from "../../../src/base/did-you-mean.js";
import { RequestError } from "../../../src/base/errors.js";
import type { IndexSet } from "../../../src/model/partitions/index-set.js";
import { layoutOf } from "../../../src/model/partitions/partition-layout.js";
import { allOf, openPartitions, type PartitionSpace } from "../../../src/model/partitions/partition-space.js";
import type { PartitionsDefinition } from "../../../src/model/partitions/partitions-definition.js";
import type { PartitionStatus } from "../../../src/storage/partition-store.js";
import { partitionsAsOf } from "../../launch/launched-partitions.js";
import type { Session } from "../../launch/session.js";
import { EXIT } from "../exit-codes.js";
import { terminalWidth } from "../fit.js";
import { partitionPicture, PICTURE_LEGEND } from "../partition-picture.js";
import type { CommonOptions } from "../program.js";
import { withSession } from "../project.js";

/** So many ranges of a state are written out. */
const SHOWN_RANGES = 5;

const STATES = [
  ["materialized", pc.green],
  ["failed", pc.red],
  ["check failed", pc.yellow],
  ["in progress", pc.yellow],
  ["missing", pc.dim],
] as const;

/** `millrace partitions KEY` */
export function partitions(key: string, options: CommonOptions & { readonly nowMs: number }): Promise<number> {
  return withSession(options, async (session) => {
    const { space, definition } = await dividedAsset(session, key, options.nowMs);
    const status = await session.store.partitionStatus(key, layoutOf(space));
    const sets = setsByState(space, status);
    if (options.json) {
      const states = Object.fromEntries(sets.map(([state, set]) => [state, { count: set.size, ranges: rangesOf(space, set) }]));
      process.stdout.write(`${JSON.stringify({ key, definition, partitions: space.size, states })}\n`);
      return EXIT.ok;
    }
    const width = Math.min(terminalWidth(), 100);
    process.stdout.write(`${pc.bold(key)}  ${space.size.toLocaleString("en-US")} partitions${extent(space)}\n\n`);
    if (space.size > 0) process.stdout.write(`${partitionPicture(status, space.size, width)}\n${pc.dim(PICTURE_LEGEND)}\n\n`);
    for (const [at, [state, set]] of sets.entries()) {
      if (set.size > 0) process.stdout.write(`${stateLine(space, state, set, STATES[at]?.[1] ?? ((text) => text))}\n`);
    }
    return EXIT.ok;
  });
}

/** An asset that is divided, and its partitions as of now. @throws {@link RequestError} when there is none of this key, or it is not divided */
export async function dividedAsset(
  session: Session,
  key: string,
  nowMs: number,
): Promise<{ readonly space: PartitionSpace; readonly definition: PartitionsDefinition }> {
  const spec = session.specOf(key);
  if (!spec) {
    const near = nearest(key, session.graph.keys());
    throw new RequestError("ASSET.UNKNOWN", `There is no asset "${key}".`, {
      fix: near === undefined ? "See `millrace list`." : `Did you mean "${near}"?`,
    });
  }
  if (spec.partitions === null) {
    throw new RequestError("ASSET.NOT_DIVIDED", `"${key}" has no partitions.`, { fix: `See \`millrace show ${key}\`.` });
  }
  const definition = spec.partitions;
  return { space: openPartitions(definition, await partitionsAsOf(session.store, nowMs, [definition])), definition };
}

function setsByState(space: PartitionSpace, status: PartitionStatus): [state: string, set: IndexSet][] {
  const all = allOf(space);
  const known = status.materialized.union(status.failed).union(status.inProgress);
  return [
    ["materialized", status.materialized.intersection(all)],
    ["failed", status.failed.intersection(all)],
    ["check failed", status.checkFailed.intersection(all)],
    ["in progress", status.inProgress.intersection(all)],
    ["missing", all.difference(known)],
  ];
}

function rangesOf(space: PartitionSpace, set: IndexSet): [first: string, last: string][] {
  return [...set.ranges()].map(([from, to]) => [space.keyAt(from), space.keyAt(to - 1)]);
}

function stateLine(space: PartitionSpace, state: string, set: IndexSet, paint: (text: string) => string): string {
  const shown: string[] = [];
  let left = 0;
  for (const [from, to] of set.ranges()) {
    if (shown.length < SHOWN_RANGES) shown.push(to - from === 1 ? space.keyAt(from) : `${space.keyAt(from)}...${space.keyAt(to - 1)}`);
    else left += to - from;
  }
  const more = left === 0 ? "" : `, and ${left.toLocaleString("en-US")} more`;
  return `${paint(state.padEnd(13))}${set.size.toLocaleString("en-US").padStart(9)}  ${shown.join(", ")}${more}`;
}

function extent(space: PartitionSpace): string {
  if (space.size === 0) return "";
  const [first, last] = [space.keyAt(0), space.keyAt(space.size - 1)];
  return first === last ? `: ${first}` : `: ${first} to ${last}`;
}
