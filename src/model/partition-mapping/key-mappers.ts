import { IndexSet } from "../partitions/index-set.js";
import { allOf, TimeSpace, type PartitionSpace } from "../partitions/partition-space.js";
import { nonexistentKeys, type NeededUpstream, type PartitionMapper } from "./partition-mapper.js";

/** The same keys on both sides. */
export class IdentityMapper implements PartitionMapper {
  readonly #up: PartitionSpace;
  readonly #down: PartitionSpace;

  constructor(up: PartitionSpace, down: PartitionSpace) {
    this.#up = up;
    this.#down = down;
  }

  upstreamOf(downstream: IndexSet): NeededUpstream {
    const { found, lost } = sameKeys(this.#down, this.#up, downstream);
    return { partitions: found, nonexistent: nonexistentKeys(lost) };
  }

  downstreamOf(upstream: IndexSet): IndexSet {
    return sameKeys(this.#up, this.#down, upstream).found;
  }
}

/** The partitions of `to` with the keys that these have in `from`. Where both number alike, nothing is looked up. */
function sameKeys(from: PartitionSpace, to: PartitionSpace, set: IndexSet): { found: IndexSet; lost: string[] } {
  if (from.definition === to.definition) {
    const found = set.intersection(allOf(to));
    return { found, lost: [...set.difference(found)].map((index) => from.keyAt(index)) };
  }
  const shift = windowShift(from, to);
  const lost: string[] = [];
  const ranges: [number, number][] = [];
  for (const [first, end] of set.ranges()) {
    if (shift !== undefined) {
      const [low, high] = [Math.max(0, first + shift), Math.min(to.size, end + shift)];
      if (low < high) ranges.push([low, high]);
      for (let index = first; index < Math.min(end, -shift); index++) lost.push(from.keyAt(index));
      for (let index = Math.max(first, to.size - shift); index < end; index++) lost.push(from.keyAt(index));
      continue;
    }
    for (let index = first; index < end; index++) {
      const key = from.keyAt(index);
      const found = to.indexOf(key);
      if (found === undefined) lost.push(key);
      else ranges.push([found, found + 1]);
    }
  }
  return { found: IndexSet.of(ranges), lost };
}

/** How much the numbers of the same windows differ, where both sides have the same windows but for where they begin and end. */
function windowShift(from: PartitionSpace, to: PartitionSpace): number | undefined {
  if (!(from instanceof TimeSpace) || !(to instanceof TimeSpace)) return undefined;
  const [a, b] = [from.definition, to.definition];
  const alike =
    a.cron === b.cron && a.timezone === b.timezone && a.fmt === b.fmt && JSON.stringify(a.exclusions) === JSON.stringify(b.exclusions);
  return alike ? to.windows.firstFrom(from.windows.startMs(0)) : undefined;
}

/** Every partition needs the same ones: all, the last, or those that were named. */
export class ConstantMapper implements PartitionMapper {
  readonly #down: PartitionSpace | null;
  readonly #needed: IndexSet;
  readonly #lost: readonly string[];

  constructor(down: PartitionSpace | null, needed: IndexSet, lost: readonly string[] = []) {
    this.#down = down;
    this.#needed = needed;
    this.#lost = lost;
  }

  upstreamOf(downstream: IndexSet): NeededUpstream {
    if (downstream.size === 0) return { partitions: IndexSet.empty(), nonexistent: [] };
    return { partitions: this.#needed, nonexistent: nonexistentKeys(this.#lost) };
  }

  downstreamOf(upstream: IndexSet): IndexSet {
    const used = upstream.intersection(this.#needed).size > 0;
    if (!used) return IndexSet.empty();
    return this.#down ? allOf(this.#down) : IndexSet.range(0, 1);
  }
}

/** Upstream keys to the downstream keys that need them. */
export class StaticMapper implements PartitionMapper {
  readonly #upOf = new Map<number, number[]>();
  readonly #downOf = new Map<number, number[]>();

  constructor(map: Readonly<Record<string, string | readonly string[]>>, up: PartitionSpace, down: PartitionSpace) {
    for (const [upKey, downKeys] of Object.entries(map)) {
      const upIndex = up.indexOf(upKey);
      for (const downKey of typeof downKeys === "string" ? [downKeys] : downKeys) {
        const downIndex = down.indexOf(downKey);
        if (upIndex === undefined || downIndex === undefined) continue;
        this.#upOf.set(downIndex, [...(this.#upOf.get(downIndex) ?? []), upIndex]);
        this.#downOf.set(upIndex, [...(this.#downOf.get(upIndex) ?? []), downIndex]);
      }
    }
  }

  upstreamOf(downstream: IndexSet): NeededUpstream {
    return { partitions: IndexSet.ofNumbers([...downstream].flatMap((index) => this.#upOf.get(index) ?? [])), nonexistent: [] };
  }

  downstreamOf(upstream: IndexSet): IndexSet {
    return IndexSet.ofNumbers([...upstream].flatMap((index) => this.#downOf.get(index) ?? []));
  }
}
