import type { DependencySpec } from "../../model/asset-spec.js";
import type { PartitionMapper } from "../../model/partition-mapping/partition-mapper.js";
import { IndexSet } from "../../model/partitions/index-set.js";
import { allOf, type PartitionSpace } from "../../model/partitions/partition-space.js";
import type { RecordedVersions } from "./staleness.js";

/** The one number of what is not divided. */
export const ONE = IndexSet.range(0, 1);
const NONE = IndexSet.empty();

/** A dependency that joins partitions, with its mapping at work. */
export interface DividedEdge {
  readonly dep: DependencySpec;
  /** Place of the upstream. */
  readonly upstream: number;
  readonly mapper: PartitionMapper;
}

/** How the partitions of an asset are, in sets. An asset that is not divided but made from partitions has the one partition 0. */
export class DividedState {
  /** `null`: not divided itself. */
  readonly space: PartitionSpace | null;
  readonly edges: readonly DividedEdge[];
  readonly records: Map<number, RecordedVersions>;
  made: IndexSet;
  /** To be held against its record again. */
  recheck: IndexSet;
  /** What differs itself from how it was made. */
  changed = NONE;
  stale = NONE;
  missing = NONE;

  constructor(space: PartitionSpace | null, edges: readonly DividedEdge[], records: Iterable<readonly [number, RecordedVersions]>) {
    this.space = space;
    this.edges = edges;
    this.records = new Map(records);
    this.made = IndexSet.ofNumbers(this.records.keys()).intersection(this.all);
    this.recheck = this.made;
  }

  get all(): IndexSet {
    return this.space ? allOf(this.space) : ONE;
  }

  get notFresh(): IndexSet {
    return this.stale.union(this.missing);
  }

  keyOf(index: number): string | undefined {
    return this.space?.keyAt(index);
  }

  record(index: number, recorded: RecordedVersions | undefined): void {
    const one = IndexSet.range(index, index + 1);
    if (recorded) this.records.set(index, recorded);
    else this.records.delete(index);
    this.made = recorded ? this.made.union(one) : this.made.difference(one);
    this.recheck = this.recheck.union(one);
  }

  /**
   * Judges again: what is to be rechecked by its record, all by its upstream.
   * @param isMade - whether it is made here: what is not is never missing or stale
   * @param notFreshOf - what of an upstream is not fresh; `self`: the upstream are its own earlier partitions
   * @returns whether other partitions are not fresh now
   */
  judge(isMade: boolean, differs: (index: number) => boolean, notFreshOf: (edge: DividedEdge) => IndexSet | "self"): boolean {
    const before = this.notFresh;
    const checked = this.recheck.intersection(this.made);
    this.changed = this.changed.difference(this.recheck).union(IndexSet.ofNumbers([...checked].filter(differs)));
    this.recheck = NONE;
    this.missing = isMade ? this.all.difference(this.made) : NONE;
    let stale = this.changed;
    const selves: DividedEdge[] = [];
    for (const edge of this.edges) {
      const bad = notFreshOf(edge);
      if (bad === "self") selves.push(edge);
      else if (bad.size > 0) stale = stale.union(edge.mapper.downstreamOf(bad));
    }
    this.stale = isMade ? stale.intersection(this.made) : NONE;
    for (const { mapper } of selves) this.#followItself(mapper);
    return !before.equals(this.notFresh);
  }

  /** What hangs on earlier partitions of the asset itself turns stale with them, step by step. */
  #followItself(mapper: PartitionMapper): void {
    for (let front = this.notFresh; front.size > 0;) {
      front = mapper.downstreamOf(front).intersection(this.made).difference(this.stale);
      this.stale = this.stale.union(front);
    }
  }
}
