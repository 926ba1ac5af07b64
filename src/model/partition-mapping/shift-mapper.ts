import { IndexSet, type IndexRange } from "../partitions/index-set.js";
import { allOf, type TimeSpace } from "../partitions/partition-space.js";
import type { NeededUpstream, PartitionMapper } from "./partition-mapper.js";
import type { TimeWindowMapping } from "./partition-mapping.js";

/** Windows of one definition on both sides, moved by so many of them: what a time-window mapping comes to where both sides are divided alike. */
export class ShiftMapper implements PartitionMapper {
  readonly #all: IndexSet;
  readonly #size: number;
  readonly #first: number;
  readonly #last: number;

  constructor({ startOffset = 0, endOffset = 0 }: TimeWindowMapping, space: TimeSpace) {
    this.#all = allOf(space);
    this.#size = space.size;
    this.#first = startOffset;
    this.#last = endOffset;
  }

  upstreamOf(downstream: IndexSet): NeededUpstream {
    return { partitions: this.#moved(downstream, this.#first, this.#last), nonexistent: [] };
  }

  downstreamOf(upstream: IndexSet): IndexSet {
    return this.#moved(upstream, -this.#last, -this.#first);
  }

  #moved(set: IndexSet, first: number, last: number): IndexSet {
    const existing = set.intersection(this.#all);
    if (first === 0 && last === 0) return existing;
    const ranges: IndexRange[] = [];
    for (const [from, to] of existing.ranges()) {
      const [low, high] = [Math.max(0, from + first), Math.min(this.#size, to + last)];
      if (low < high) ranges.push([low, high]);
    }
    return IndexSet.of(ranges);
  }
}
