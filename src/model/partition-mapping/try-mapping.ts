import { IndexSet } from "../partitions/index-set.js";
import type { PartitionSpace } from "../partitions/partition-space.js";
import { CustomMapper } from "./custom-mapper.js";
import type { CustomMapping } from "./custom-mapping.js";

/** A pair of partitions of which the two methods of a mapping say different things. */
export interface Contradiction {
  readonly upstreamKey: string;
  readonly downstreamKey: string;
  /** The method that says that the pair belongs together; the other does not. */
  readonly saidBy: "upstreamOf" | "downstreamOf";
}

/** What trying a mapping came to. */
export interface MappingTrial {
  /** How many pairs were tried; 0 where one side has no partitions. */
  readonly pairs: number;
  readonly contradiction?: Contradiction;
}

/** How far beside a pair that belongs together another is tried. */
const NEAR = 3;

/** Tries pairs of partitions, most of them related or nearly so, for whether both methods of a mapping say the same; stops at the first of which they do not. */
export function tryMapping(
  code: CustomMapping,
  { upstream, downstream }: { readonly upstream: PartitionSpace; readonly downstream: PartitionSpace },
  { random, pairs }: { readonly random: () => number; readonly pairs: number },
): MappingTrial {
  if (upstream.size === 0 || downstream.size === 0) return { pairs: 0 };
  const mapper = new CustomMapper(code, upstream, downstream);
  const upOf = (down: number): IndexSet => mapper.upstreamOf(one(down)).partitions;
  const downOf = (up: number): IndexSet => mapper.downstreamOf(one(up));
  for (let tried = 1; tried <= pairs; tried++) {
    const fromDown = tried % 2 === 0;
    const [from, to] = fromDown ? [downstream, upstream] : [upstream, downstream];
    const start = Math.floor(random() * from.size);
    const related = fromDown ? upOf(start) : downOf(start);
    const other = beside(related.at(Math.floor(random() * related.size)) ?? Math.floor(random() * to.size), to.size, random);
    const [up, down] = fromDown ? [other, start] : [start, other];
    const [saidByUp, saidByDown] = [upOf(down).has(up), downOf(up).has(down)];
    if (saidByUp === saidByDown) continue;
    const saidBy = saidByUp ? "upstreamOf" : "downstreamOf";
    return { pairs: tried, contradiction: { upstreamKey: upstream.keyAt(up), downstreamKey: downstream.keyAt(down), saidBy } };
  }
  return { pairs };
}

function one(index: number): IndexSet {
  return IndexSet.range(index, index + 1);
}

/** The index itself as often as not, else one near it. */
function beside(index: number, size: number, random: () => number): number {
  if (random() < 0.5) return index;
  const moved = index + Math.round((random() * 2 - 1) * NEAR);
  return Math.min(size - 1, Math.max(0, moved));
}
