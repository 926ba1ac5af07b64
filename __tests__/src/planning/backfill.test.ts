import { dailyPartitions, staticPartitions, weeklyPartitions } from "../../../src/model/partitions/define-partitions";
import { IndexSet } from "../../../src/model/partitions/index-set";
import { rangeOf } from "../../../src/model/partitions/partition-space";
import { BackfillGraph, type BackfillAsset } from "../../../src/planning/backfill/backfill-graph";
import { allPartitionsOf, partitionsFromRoots, type AssetPartitions } from "../../../src/planning/backfill/backfill-target";
import { lostPartitions } from "../../../src/planning/backfill/backfill-progress";
import { nextRuns } from "../../../src/planning/backfill/next-runs";
import type { BackfillRun } from "../../../src/planning/backfill/run-groups";
import { resolveJob, type JobAsset } from "../../../src/planning/resolve-job";

const asOf = { nowMs: Date.parse("2024-02-01T00:00Z") };
const day = dailyPartitions({ start: "2024-01-01" });
const week = weeklyPartitions({ start: "2024-01-01" });
const asset = (key: string, deps: BackfillAsset["deps"], more: Partial<BackfillAsset> = {}): BackfillAsset => ({
  key,
  deps,
  partitions: day,
  ...more,
});

/** A backfill whose runs end in a random order, some of them failing: what it asked for, and that nothing was asked for twice or too early. */
function play(graph: BackfillGraph, target: AssetPartitions, random: () => number): { runs: number; materialized: Map<string, IndexSet> } {
  const [requested, materialized, failed] = [new Map<string, IndexSet>(), new Map<string, IndexSet>(), new Map<string, IndexSet>()];
  const progress = { target, requested, materialized, failed };
  const queue: BackfillRun[] = [];
  const add = (all: Map<string, IndexSet>, key: string, set: IndexSet): void =>
    void all.set(key, (all.get(key) ?? IndexSet.empty()).union(set));
  let runs = 0;
  for (let idle = 0; idle < 2;) {
    const next = nextRuns(graph, progress);
    for (const { assets, partitions } of next) {
      const set = partitions ?? IndexSet.range(0, 1);
      for (const key of assets) {
        expect(set.intersection(requested.get(key) ?? IndexSet.empty()).size).toBe(0);
        expect(set.isSubsetOf(target.get(key) ?? IndexSet.empty())).toBe(true);
        for (const edge of graph.upstream(key)) {
          const needed = edge.mapper.upstreamOf(set).partitions.intersection(target.get(edge.up) ?? IndexSet.empty());
          const there = (materialized.get(edge.up) ?? IndexSet.empty()).union(assets.includes(edge.up) ? set : IndexSet.empty());
          expect(needed.isSubsetOf(there)).toBe(true);
        }
      }
      for (const key of assets) add(requested, key, set);
    }
    queue.push(...next);
    runs += next.length;
    idle = next.length === 0 && queue.length === 0 ? idle + 1 : 0;
    const [run] = queue.splice(Math.floor(random() * queue.length), 1);
    if (run) for (const key of run.assets) add(random() < 0.05 ? failed : materialized, key, run.partitions ?? IndexSet.range(0, 1));
  }
  const lost = lostPartitions(graph, progress);
  for (const [key, set] of target) {
    const ended = (materialized.get(key) ?? IndexSet.empty()).union(lost.get(key) ?? IndexSet.empty());
    expect({ key, left: set.difference(ended).size }).toEqual({ key, left: 0 });
  }
  return { runs, materialized };
}

describe("a backfill", () => {
  it("asks for each partition once, never before what it needs, and forgets none, however its runs end", () => {
    for (let seed = 1; seed <= 25; seed++) {
      let state = seed * 7_919;
      const random = (): number => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x7fffffff;
      const policy = (): Partial<BackfillAsset> =>
        [{}, {}, { policy: { maxPartitionsPerRun: 3 } }, { policy: { maxPartitionsPerRun: "all" as const } }][Math.floor(random() * 4)] ??
        {};
      const graph = new BackfillGraph(
        [
          asset("a", [], policy()),
          asset("b", [{ key: "a" }], policy()),
          asset("c", [{ key: "b", mapping: { kind: "time-window", startOffset: -1, endOffset: 0 } }], policy()),
          asset("total", [{ key: "a" }, { key: "total", mapping: { kind: "time-window", startOffset: -1, endOffset: -1 } }], policy()),
          asset("weekly", [{ key: "b" }], { ...policy(), partitions: week }),
          asset("report", [{ key: "weekly" }, { key: "c" }], { partitions: null }),
        ],
        asOf,
      );
      play(graph, allPartitionsOf(graph, ["a", "b", "c", "total", "weekly", "report"]), random);
    }
  });

  it("puts assets divided alike into one run, and as many partitions as their policy allows", () => {
    const policy = { maxPartitionsPerRun: 10 };
    const graph = new BackfillGraph([asset("a", [], { policy }), asset("b", [{ key: "a" }], { policy })], asOf);
    const runs = nextRuns(graph, {
      target: allPartitionsOf(graph, ["a", "b"]),
      requested: new Map(),
      materialized: new Map(),
      failed: new Map(),
    });
    expect(runs.map(({ assets, partitions }) => [assets.join("+"), partitions?.size])).toEqual([
      ["a+b", 10],
      ["a+b", 10],
      ["a+b", 10],
      ["a+b", 1],
    ]);
  });

  it("takes of the others what depends on the chosen partitions of the first", () => {
    const graph = new BackfillGraph([asset("a", []), asset("weekly", [{ key: "a" }], { partitions: week })], asOf);
    const space = graph.space("a");
    const target = partitionsFromRoots(graph, ["a", "weekly"], () =>
      space ? rangeOf(space, "2024-01-08", "2024-01-15") : IndexSet.empty(),
    );
    expect([...target].map(([key, set]) => [key, [...set].map((index) => graph.space(key)?.keyAt(index))])).toEqual([
      ["a", ["08", "09", "10", "11", "12", "13", "14", "15"].map((each) => `2024-01-${each}`)],
      ["weekly", ["2024-01-07", "2024-01-14"]],
    ]);
  });

  it("says which partition of the upstream does not exist", () => {
    const late = dailyPartitions({ start: "2024-01-20" });
    const graph = new BackfillGraph([asset("a", [], { partitions: late }), asset("b", [{ key: "a" }])], asOf);
    const target = allPartitionsOf(graph, ["a", "b"]);
    const progress = { target, requested: target, materialized: new Map([["a", graph.all("a")]]), failed: new Map() };
    expect(() => nextRuns(graph, { ...progress, requested: new Map([["a", graph.all("a")]]) })).toThrow(
      '"b" needs partition "2024-01-01" of "a", which does not exist.\n  → Leave the partitions that need it out, or set allowNonexistentUpstream on the mapping.',
    );
  });

  it("refuses partitions of first assets that are divided differently", () => {
    const graph = new BackfillGraph([asset("a", []), asset("b", [], { partitions: staticPartitions(["x"]) })], asOf);
    expect(() => partitionsFromRoots(graph, ["a", "b"], () => IndexSet.range(0, 1))).toThrow(
      'The partitions are those of the first assets, but "a" and "b" are divided differently.\n  → Backfill them one after the other, or give each its own range.',
    );
  });
});

describe("a job", () => {
  const assets: JobAsset[] = [
    { key: "a", partitions: day, unit: "u" },
    { key: "b", partitions: week, unit: "v" },
    { key: "c", partitions: day, unit: "u" },
    { key: "source", partitions: null },
  ];
  it.each([
    [
      ["a", "b", "c"],
      undefined,
      'Job "nightly" selects assets whose partitions differ: "a" and "b".\n  → Give them the same partitions, or make two jobs.',
    ],
    [
      ["a"],
      undefined,
      'Job "nightly" selects "a" without "c", which is made with it.\n  → Select "c" too, or set canSubset on the multi-asset.',
    ],
    [
      ["source"],
      undefined,
      'Job "nightly" selects "source", which nothing here materializes.\n  → Take external assets out of its selection, e.g. with `and is:materializable`.',
    ],
    [
      ["b"],
      day,
      'Job "nightly" names other partitions than its asset "b" has.\n  → Take `partitions` out of the job: it has those of its assets.',
    ],
  ])("that cannot run is refused: %#", (selected, partitions, message) => {
    const request = { name: "nightly", selected: new Set(selected), ...(partitions ? { partitions } : {}) };
    expect(() => resolveJob(request, assets)).toThrow(message);
  });
});
