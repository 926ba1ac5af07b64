import { IndexSet, type IndexRange } from "../partitions/index-set.js";
import type { TimeSpace } from "../partitions/partition-space.js";
import type { NeededUpstream, NonexistentPartitions, PartitionMapper } from "./partition-mapper.js";
import type { TimeWindowMapping } from "./partition-mapping.js";

/** Below so many runs each edge is looked up for itself; above, all windows between the first and the last are walked once. */
const FEW_RUNS = 64;

/** Upstream windows that overlap the downstream's. A few runs of windows cost four searches each, however long they are; many cost one walk. */
export class TimeWindowMapper implements PartitionMapper {
  readonly #up: TimeSpace;
  readonly #down: TimeSpace;
  readonly #startOffset: number;
  readonly #endOffset: number;
  readonly #allowNonexistent: boolean;
  readonly #firstMs: number;
  readonly #lastMs: number;

  constructor(mapping: TimeWindowMapping, up: TimeSpace, down: TimeSpace) {
    this.#up = up;
    this.#down = down;
    this.#startOffset = mapping.startOffset ?? 0;
    this.#endOffset = mapping.endOffset ?? 0;
    this.#allowNonexistent = mapping.allowNonexistentUpstream ?? false;
    this.#firstMs = up.size === 0 ? Number.NaN : up.windows.startMs(0);
    this.#lastMs = up.size === 0 ? Number.NaN : up.windows.endMs(up.size - 1);
  }

  upstreamOf(downstream: IndexSet): NeededUpstream {
    const runs = [...this.#adjacent(downstream)];
    const { windows } = this.#down;
    const few = runs.length < FEW_RUNS;
    const [low, high] = [runs[0]?.[0] ?? 0, runs.at(-1)?.[1] ?? 0];
    const starts = few
      ? runs.map(([from]) => windows.startMs(from + this.#startOffset))
      : windows.startsBetween(low + this.#startOffset, high + this.#startOffset);
    const ends = few
      ? runs.map(([, to]) => windows.endMs(to - 1 + this.#endOffset))
      : windows.endsBetween(low + this.#endOffset, high + this.#endOffset);
    const lowMs = Float64Array.from(runs, ([from], at) => this.#bounded(starts[few ? at : from - low] ?? Number.NaN, this.#startOffset));
    const highMs = Float64Array.from(runs, ([, to], at) => this.#bounded(ends[few ? at : to - 1 - low] ?? Number.NaN, this.#endOffset));
    const ranges = this.#upstreamRanges(lowMs, highMs).filter(([from, to]) => from < to);
    const existing = ranges.map(([from, to]): IndexRange => [Math.max(0, from), Math.min(this.#up.size, to)]);
    return {
      partitions: IndexSet.of(existing.filter(([from, to]) => from < to)),
      nonexistent: this.#allowNonexistent ? [] : this.#nonexistent(ranges),
    };
  }

  downstreamOf(upstream: IndexSet): IndexSet {
    const first = upstream.nextFrom(0);
    const last = upstream.last;
    if (first === undefined || last === undefined) return IndexSet.empty();
    const { windows } = this.#down;
    const reach = Math.max(Math.abs(this.#startOffset), Math.abs(this.#endOffset)) + 1;
    const low = Math.max(0, windows.firstEndingAfter(this.#up.windows.startMs(first)) - reach);
    const high = Math.min(this.#down.size, windows.firstFrom(this.#up.windows.endMs(last)) + reach);
    if (low >= high) return IndexSet.empty();
    const lowMs = windows
      .startsBetween(low + this.#startOffset, high + this.#startOffset)
      .map((ms) => this.#bounded(ms, this.#startOffset));
    const highMs = windows.endsBetween(low + this.#endOffset, high + this.#endOffset).map((ms) => this.#bounded(ms, this.#endOffset));
    const needed: number[] = [];
    this.#upstreamRanges(lowMs, highMs).forEach(([from, to], at) => {
      if (to > from && upstream.anyIn(Math.max(0, from), to)) needed.push(low + at);
    });
    return IndexSet.ofNumbers(needed);
  }

  /** The upstream windows, whether they exist or not, between edges that ascend. */
  #upstreamRanges(lowMs: Float64Array, highMs: Float64Array): IndexRange[] {
    const [from, to] = [this.#up.windows.firstsEndingAfter(lowMs), this.#up.windows.firstsFrom(highMs)];
    return Array.from(from, (each, at): IndexRange => [each, to[at] ?? each]);
  }

  /** An offset does not move an edge past the first or the last upstream window that exists. */
  #bounded(edgeMs: number, offset: number): number {
    if (offset === 0 || this.#up.size === 0) return edgeMs;
    return offset < 0 ? Math.max(edgeMs, this.#firstMs) : Math.min(edgeMs, this.#lastMs);
  }

  /** The runs of a set, cut where a window between two of its windows is left out. */
  *#adjacent(set: IndexSet): Generator<IndexRange> {
    const { windows } = this.#down;
    for (const [from, to] of set.ranges()) {
      if (this.#down.definition.exclusions.length === 0) {
        yield [from, to];
        continue;
      }
      let first = from;
      for (let index = from + 1; index < to; index++) {
        if (windows.endMs(index - 1) === windows.startMs(index)) continue;
        yield [first, index];
        first = index;
      }
      yield [first, to];
    }
  }

  #nonexistent(ranges: readonly IndexRange[]): NonexistentPartitions[] {
    const { size, windows } = this.#up;
    const lost = merged(
      ranges.flatMap(([from, to]): IndexRange[] => [
        [from, Math.min(to, 0)],
        [Math.max(from, size), to],
      ]),
    );
    const count = lost.reduce((sum, [from, to]) => sum + to - from, 0);
    if (count === 0) return [];
    const keyAt = (index: number): string => {
      let left = index;
      for (const [from, to] of lost) {
        if (left < to - from) return windows.keyAt(from + left);
        left -= to - from;
      }
      return "";
    };
    return [{ count, keyAt }];
  }
}

/** For each downstream window the last upstream window that overlaps it. */
export class LatestTimeWindowMapper implements PartitionMapper {
  readonly #up: TimeSpace;
  readonly #down: TimeSpace;

  constructor(up: TimeSpace, down: TimeSpace) {
    this.#up = up;
    this.#down = down;
  }

  upstreamOf(downstream: IndexSet): NeededUpstream {
    const needed: number[] = [];
    for (const index of downstream) {
      const latest = this.#latest(index);
      if (latest !== undefined) needed.push(latest);
    }
    return { partitions: IndexSet.ofNumbers(needed), nonexistent: [] };
  }

  downstreamOf(upstream: IndexSet): IndexSet {
    const needed: number[] = [];
    for (let index = 0; index < this.#down.size; index++) {
      const latest = this.#latest(index);
      if (latest !== undefined && upstream.has(latest)) needed.push(index);
    }
    return IndexSet.ofNumbers(needed);
  }

  #latest(index: number): number | undefined {
    const { startMs, endMs } = this.#down.windows.windowAt(index);
    const latest = Math.min(this.#up.windows.firstFrom(endMs), this.#up.size) - 1;
    return latest >= 0 && this.#up.windows.endMs(latest) > startMs ? latest : undefined;
  }
}

function merged(ranges: readonly IndexRange[]): IndexRange[] {
  const all: [number, number][] = [];
  for (const [from, to] of ranges.filter((range) => range[0] < range[1]).sort((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else all.push([from, to]);
  }
  return all;
}
