import { IndexSet } from "../../model/partitions/index-set.js";
import { MultiSpace, TimeSpace, type PartitionSpace } from "../../model/partitions/partition-space.js";
import type { BackfillGraph } from "./backfill-graph.js";
import { runsOf, type BackfillRun, type RunGroup } from "./run-groups.js";

/** Which partitions of a backfill run first. */
export type BackfillOrder = "oldest" | "newest";

/** Runs of the same assets that wait: those of one partition as a set, the others one by one. */
interface Waiting {
  readonly group: RunGroup;
  readonly space: PartitionSpace | null;
  single: IndexSet;
  ranged: BackfillRun[];
}

/** Runs that a backfill has asked for and that have not started. Those of one partition take the room of a set, however many they are. */
export class RunQueue {
  readonly #graph: BackfillGraph;
  readonly #order: BackfillOrder;
  readonly #waiting = new Map<string, Waiting>();

  constructor(graph: BackfillGraph, order: BackfillOrder) {
    this.#graph = graph;
    this.#order = order;
  }

  add(groups: readonly RunGroup[]): void {
    for (const group of groups) {
      const name = group.assets.join("\n");
      const space = this.#graph.space(group.assets[0] ?? "");
      const waiting = this.#waiting.get(name) ?? { group, space, single: IndexSet.empty(), ranged: [] };
      this.#waiting.set(name, waiting);
      if (group.partitions !== null && !group.isRanged) waiting.single = waiting.single.union(group.partitions);
      else waiting.ranged.push(...runsOf(this.#graph, group));
    }
  }

  /** The next run in the order of the backfill; of runs of the same time, that of the assets that were asked for first. */
  take(): BackfillRun | undefined {
    let best: { readonly waiting: Waiting; readonly place: number } | undefined;
    for (const waiting of this.#waiting.values()) {
      const place = this.#placeOf(waiting);
      if (place !== undefined && (!best || this.#isBefore(place, best.place))) best = { waiting, place };
    }
    return best && this.#takeFrom(best.waiting);
  }

  /** How many runs wait. */
  get size(): number {
    return [...this.#waiting.values()].reduce((sum, { single, ranged }) => sum + single.size + ranged.length, 0);
  }

  #isBefore(one: number, other: number): boolean {
    return this.#order === "oldest" ? one < other : one > other;
  }

  #first(set: IndexSet): number | undefined {
    return this.#order === "oldest" ? set.nextFrom(0) : set.last;
  }

  #rangedFirst({ ranged }: Waiting): number {
    const places = ranged.map((run) => (run.partitions ? (this.#first(run.partitions) ?? 0) : 0));
    return places.indexOf(this.#order === "oldest" ? Math.min(...places) : Math.max(...places));
  }

  #placeOf(waiting: Waiting): number | undefined {
    const run = waiting.ranged[this.#rangedFirst(waiting)];
    if (run && run.partitions === null) return this.#order === "oldest" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const index = this.#first(run?.partitions ?? waiting.single);
    return index === undefined ? undefined : placeInTime(waiting.space, index);
  }

  #takeFrom(waiting: Waiting): BackfillRun {
    if (waiting.ranged.length > 0) return waiting.ranged.splice(this.#rangedFirst(waiting), 1)[0] as BackfillRun;
    const index = this.#first(waiting.single) ?? 0;
    const partitions = IndexSet.range(index, index + 1);
    waiting.single = waiting.single.difference(partitions);
    return { assets: waiting.group.assets, partitions };
  }
}

/** Where partitions are windows of time, when theirs starts; else their number. */
function placeInTime(space: PartitionSpace | null, index: number): number {
  if (space instanceof TimeSpace) return space.windows.startMs(index);
  if (!(space instanceof MultiSpace)) return index;
  const indexes = space.indexesAt(index);
  const at = space.dimensions.findIndex((dimension) => dimension.space instanceof TimeSpace);
  const time = space.dimensions[at]?.space;
  return time instanceof TimeSpace ? time.windows.startMs(indexes[at] ?? 0) : index;
}
