import { IndexSet, type IndexRange } from "../partitions/index-set.js";
import { allOf, MultiSpace, type PartitionSpace, type SingleSpace } from "../partitions/partition-space.js";
import type { NeededUpstream, NonexistentPartitions, PartitionMapper } from "./partition-mapper.js";

/** One dimension of the upstream and the one of the downstream that it follows; a side that is not divided into dimensions has one, 0. */
export interface DimensionLink {
  readonly up: number;
  readonly down: number;
  readonly mapper: PartitionMapper;
}

/** Maps dimension by dimension: a dimension without a link maps to all its keys. */
export class DimensionMapper implements PartitionMapper {
  readonly #up: Side;
  readonly #down: Side;
  readonly #links: readonly DimensionLink[];

  constructor(up: PartitionSpace, down: PartitionSpace, links: readonly DimensionLink[]) {
    this.#up = new Side(up);
    this.#down = new Side(down);
    this.#links = links;
  }

  upstreamOf(downstream: IndexSet): NeededUpstream {
    const lost = new Map<number, Map<string, true>>();
    const partitions = across(this.#down, this.#up, downstream, (up, ofDown) => {
      const link = this.#links.find((each) => each.up === up);
      if (!link) return undefined;
      const needed = link.mapper.upstreamOf(ofDown(link.down));
      for (const each of needed.nonexistent) addKeys(lost, up, each);
      return needed.partitions;
    });
    return { partitions, nonexistent: [...lost].map(([up, keys]) => this.#nonexistent(up, [...keys.keys()])) };
  }

  downstreamOf(upstream: IndexSet): IndexSet {
    return across(this.#up, this.#down, upstream, (down, ofUp) => {
      const links = this.#links.filter((each) => each.down === down);
      const sets = links.map((link) => link.mapper.downstreamOf(ofUp(link.up)));
      return sets.reduce<IndexSet | undefined>((all, set) => (all ? all.intersection(set) : set), undefined);
    });
  }

  #nonexistent(up: number, keys: readonly string[]): NonexistentPartitions {
    const dimension = this.#up.nameOf(up);
    return { ...(dimension === undefined ? {} : { dimension }), count: keys.length, keyAt: (index) => keys[index] ?? "" };
  }
}

/** A space as a list of dimensions, of which there may be one. */
class Side {
  readonly dimensions: readonly PartitionSpace[];
  readonly #space: PartitionSpace;

  constructor(space: PartitionSpace) {
    this.#space = space;
    this.dimensions = space instanceof MultiSpace ? space.dimensions.map((each): SingleSpace => each.space) : [space];
  }

  nameOf(at: number): string | undefined {
    return this.#space instanceof MultiSpace ? this.#space.dimensions[at]?.name : undefined;
  }

  product(sets: readonly IndexSet[]): IndexSet {
    return this.#space instanceof MultiSpace ? this.#space.product(sets) : (sets[0] ?? IndexSet.empty());
  }

  /** The set cut into rows: one index in each dimension but the last, and the set of that row in the last. */
  *rows(set: IndexSet): Generator<readonly [outer: readonly number[], inner: IndexSet]> {
    const size = this.dimensions.at(-1)?.size ?? 0;
    if (!(this.#space instanceof MultiSpace)) {
      yield [[], set];
      return;
    }
    let row = -1;
    let ranges: IndexRange[] = [];
    const outer = (): readonly number[] => (this.#space as MultiSpace).indexesAt(row * size).slice(0, -1);
    for (const [from, to] of set.ranges()) {
      for (let at = from; at < to;) {
        const next = Math.floor(at / size);
        if (next !== row) {
          if (ranges.length > 0) yield [outer(), IndexSet.of(ranges)];
          [row, ranges] = [next, []];
        }
        const end = Math.min(to, (next + 1) * size);
        ranges.push([at - next * size, end - next * size]);
        at = end;
      }
    }
    if (ranges.length > 0) yield [outer(), IndexSet.of(ranges)];
  }
}

type ByDimension = (at: number, of: (dimension: number) => IndexSet) => IndexSet | undefined;

/** The union, over the rows of a set, of the products of what each dimension maps to. */
function across(from: Side, to: Side, set: IndexSet, byDimension: ByDimension): IndexSet {
  let all = IndexSet.empty();
  for (const [outer, inner] of from.rows(set)) {
    const of = (dimension: number): IndexSet => {
      const index = outer[dimension];
      return index === undefined ? inner : IndexSet.range(index, index + 1);
    };
    all = all.union(to.product(to.dimensions.map((space, at) => byDimension(at, of) ?? allOf(space))));
  }
  return all;
}

function addKeys(lost: Map<number, Map<string, true>>, up: number, more: NonexistentPartitions): void {
  const keys = lost.get(up) ?? new Map<string, true>();
  for (let index = 0; index < more.count; index++) keys.set(more.keyAt(index), true);
  lost.set(up, keys);
}
