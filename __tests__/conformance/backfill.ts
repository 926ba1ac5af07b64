import {
  allPartitionsOf,
  BackfillGraph,
  IndexSet,
  lostPartitions,
  nextRuns,
  partitionsFromRoots,
  rangeOf,
  requirePartition,
  type AssetPartitions,
  type BackfillRun,
} from "millrace/model";
import { graphOf, type PlannedAsset } from "./backfill-graph.js";
import type { Suite } from "./suite.js";
import { compared, refused } from "./verdict.js";

interface Given {
  readonly graph: { readonly assets: readonly PlannedAsset[] };
  readonly now: string;
  readonly dynamic?: Readonly<Record<string, readonly string[]>>;
  readonly fail: readonly (readonly [string, string | null])[];
  readonly target: {
    readonly assets?: readonly string[];
    readonly all?: true;
    readonly partitions?: readonly string[];
    readonly ranges?: Readonly<Record<string, readonly (readonly [string, string])[] | null>>;
  };
  readonly slots?: number;
}

/** Backfills from their first iteration to their end, with the runs that fail. */
export const backfill: Suite = {
  name: "backfill",
  rules: [],
  judge(test, expect) {
    const given = test.given as unknown as Given;
    const graph = graphOf(given.graph.assets, given.now, given.dynamic);
    if (expect.error === "target") return refused(() => targetOf(graph, given));
    const target = targetOf(graph, given);
    if (expect.error === "iteration") return refused(() => new Backfill(graph, target, given).run());
    return compared(expect, new Backfill(graph, target, given).run());
  },
};

function targetOf(graph: BackfillGraph, { target }: Given): AssetPartitions {
  if (target.ranges) {
    return new Map(
      Object.entries(target.ranges).map(([key, ranges]) => {
        const space = graph.space(key);
        if (ranges === null || space === null) return [key, graph.all(key)];
        return [key, ranges.map(([from, to]) => rangeOf(space, from, to)).reduce((all, set) => all.union(set), IndexSet.empty())];
      }),
    );
  }
  const assets = target.assets ?? [];
  const { partitions } = target;
  if (!partitions) return allPartitionsOf(graph, assets);
  return partitionsFromRoots(graph, assets, (key) => {
    const space = graph.space(key);
    return space ? IndexSet.ofNumbers(partitions.map((each) => requirePartition(space, each))) : IndexSet.empty();
  });
}

/** One backfill whose runs end between iterations as the table says. */
class Backfill {
  readonly #graph: BackfillGraph;
  readonly #target: AssetPartitions;
  readonly #slots: number;
  readonly #failing: AssetPartitions;
  readonly #requested = new Map<string, IndexSet>();
  readonly #materialized = new Map<string, IndexSet>();
  readonly #failed = new Map<string, IndexSet>();
  readonly #queue: BackfillRun[] = [];

  constructor(graph: BackfillGraph, target: AssetPartitions, { slots, fail }: Given) {
    this.#graph = graph;
    this.#target = target;
    this.#slots = slots ?? Number.POSITIVE_INFINITY;
    const failing = new Map<string, IndexSet>();
    for (const [key, partition] of fail) {
      const index = partition === null ? 0 : graph.space(key)?.indexOf(partition);
      if (index !== undefined) add(failing, key, IndexSet.range(index, index + 1));
    }
    this.#failing = failing;
  }

  run(): Record<string, unknown> {
    const iterations: { runs: unknown[] }[] = [];
    do {
      const runs = this.#sorted(nextRuns(this.#graph, this.#progress()));
      iterations.push({ runs: runs.map((run) => this.#asTable(run)) });
      for (const run of runs) for (const key of run.assets) add(this.#requested, key, run.partitions ?? IndexSet.range(0, 1));
      this.#queue.push(...runs);
      for (const run of this.#queue.splice(0, this.#slots)) this.#execute(run);
    } while (this.#queue.length > 0 || nextRuns(this.#graph, this.#progress()).length > 0);
    while (iterations.at(-1)?.runs.length === 0) iterations.pop();
    return { iterations, ...this.#outcome() };
  }

  #progress(): Parameters<typeof nextRuns>[1] {
    return { target: this.#target, requested: this.#requested, materialized: this.#materialized, failed: this.#failed };
  }

  /** Goes through the assets in listed order, up to the first that has a failing partition in this run. */
  #execute(run: BackfillRun): void {
    const set = run.partitions ?? IndexSet.range(0, 1);
    let failed = false;
    for (const { key } of this.#graph.assets.filter((asset) => run.assets.includes(asset.key))) {
      failed ||= set.intersection(this.#failing.get(key) ?? IndexSet.empty()).size > 0;
      add(failed ? this.#failed : this.#materialized, key, set);
    }
  }

  #outcome(): Record<string, unknown> {
    const lost = lostPartitions(this.#graph, this.#progress());
    const counts = [...this.#target].map(([key, target]) => {
      const completed = this.#materialized.get(key)?.size ?? 0;
      return [key, [target.size, completed, target.size - completed]];
    });
    const failed = [...lost.values()].some((set) => set.size > 0);
    return { status: failed ? "COMPLETED_FAILED" : "COMPLETED_SUCCESS", counts: Object.fromEntries(counts) };
  }

  #sorted(runs: readonly BackfillRun[]): BackfillRun[] {
    const first = (run: BackfillRun): number => run.partitions?.nextFrom(0) ?? 0;
    const name = (run: BackfillRun): string => JSON.stringify([...run.assets].sort());
    return [...runs].sort((a, b) => (name(a) === name(b) ? first(a) - first(b) : name(a) < name(b) ? -1 : 1));
  }

  #asTable({ assets, partitions }: BackfillRun): unknown {
    const [key = ""] = assets;
    const space = this.#graph.space(key);
    const sorted = [...assets].sort();
    if (!space || !partitions) return { assets: sorted };
    const [from, to] = [space.keyAt(partitions.nextFrom(0) ?? 0), space.keyAt(partitions.last ?? 0)];
    return this.#graph.asset(key).policy ? { assets: sorted, range: [from, to] } : { assets: sorted, partition: from };
  }
}

function add(all: Map<string, IndexSet>, key: string, set: IndexSet): void {
  all.set(key, (all.get(key) ?? IndexSet.empty()).union(set));
}
