import { dailyPartitions, weeklyPartitions, monthlyPartitions } from "../../../src/model/partitions/define-partitions";
import { IndexSet } from "../../../src/model/partitions/index-set";
import { BackfillGraph, type BackfillAsset } from "../../../src/planning/backfill/backfill-graph";
import { BackfillPlanner } from "../../../src/planning/backfill/backfill-planner";
import type { BackfillProgress } from "../../../src/planning/backfill/backfill-progress";
import { allPartitionsOf, type AssetPartitions } from "../../../src/planning/backfill/backfill-target";
import { nextRuns } from "../../../src/planning/backfill/next-runs";
import { runsOf, type BackfillRun } from "../../../src/planning/backfill/run-groups";

const asOf = { nowMs: Date.parse("2024-02-10T00:00Z") };
const day = dailyPartitions({ start: "2024-01-01" });
const week = weeklyPartitions({ start: "2023-12-24" });
const month = monthlyPartitions({ start: "2024-01-01" });
const asset = (key: string, deps: BackfillAsset["deps"], more: Partial<BackfillAsset> = {}): BackfillAsset => ({
  key,
  deps,
  partitions: day,
  ...more,
});

function randoms(seed: number): () => number {
  let state = seed * 7_919;
  return () => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x7fffffff;
}

const lenient = { kind: "time-window", allowNonexistentUpstream: true } as const;
const yesterday = { kind: "time-window", startOffset: -1, endOffset: -1 } as const;

function graphOf(random: () => number): BackfillGraph {
  const one = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const policy = (): Partial<BackfillAsset> =>
    one<Partial<BackfillAsset>>([
      {},
      {},
      { policy: { maxPartitionsPerRun: 1 } },
      { policy: { maxPartitionsPerRun: 3 } },
      { policy: { maxPartitionsPerRun: "all" } },
    ]);
  const pair = { ...policy(), unit: "pair" };
  return new BackfillGraph(
    [
      asset("settings", [], { partitions: null }),
      asset("a", one([[], [{ key: "settings" }]]), policy()),
      asset("b", [{ key: "a" }], policy()),
      asset("left", [{ key: "a" }], pair),
      asset("right", [{ key: one(["a", "b"]) }], pair),
      asset("c", [{ key: "b", mapping: { kind: "time-window", startOffset: -1, endOffset: 0 } }], policy()),
      asset("total", [{ key: "a" }, { key: "total", mapping: yesterday }], policy()),
      asset(
        "weekly",
        [
          { key: "b", mapping: lenient },
          { key: "left", mapping: lenient },
        ],
        { ...policy(), partitions: week },
      ),
      asset("monthly", [{ key: one(["weekly", "c"]), mapping: lenient }], { ...policy(), partitions: month }),
      asset("report", [{ key: "weekly" }, { key: "c" }, { key: "right" }], { partitions: null }),
    ],
    asOf,
  );
}

/** Part of the assets and of their partitions, so that some have roots in the middle; assets of one unit alike. */
function targetOf(graph: BackfillGraph, random: () => number): AssetPartitions {
  const whole = random() < 0.3;
  const keys = graph.assets.map(({ key }) => key).filter((key) => whole || random() < 0.85);
  const unit = keys.includes("left") || keys.includes("right") ? ["left", "right"] : [];
  const target = new Map(allPartitionsOf(graph, [...new Set([...keys, ...unit])]));
  for (const [key, set] of target) if (!whole && set.size > 1 && random() < 0.4) target.set(key, IndexSet.ofNumbers([...set].filter(() => random() < 0.8))); // prettier-ignore
  const left = target.get("left");
  if (left) target.set("right", left);
  return target;
}

const told = (runs: readonly BackfillRun[]): string[] => runs.map((run) => `${run.assets.join("+")} ${[...(run.partitions ?? [])].join()}`);

class Mirror implements BackfillProgress {
  readonly requested = new Map<string, IndexSet>();
  readonly materialized = new Map<string, IndexSet>();
  readonly failed = new Map<string, IndexSet>();
  constructor(readonly target: AssetPartitions) {}

  add(all: Map<string, IndexSet>, key: string, set: IndexSet): void {
    all.set(key, (all.get(key) ?? IndexSet.empty()).union(set));
  }
}

/** Plays one backfill, and holds every answer of the planner against that of the pure function. */
function play(seed: number): number {
  const random = randoms(seed);
  const graph = graphOf(random);
  const mirror = new Mirror(targetOf(graph, random));
  let planner = new BackfillPlanner(graph, mirror);
  const queue: BackfillRun[] = [];
  let runs = 0;
  for (let still = 0; still < 2;) {
    const wanted = nextRuns(graph, mirror, { keepRangesWhole: true });
    const given = planner.next().flatMap((group) => runsOf(graph, group));
    if (told(given).join("/") !== told(wanted).join("/")) expect({ seed, runs: told(given) }).toEqual({ seed, runs: told(wanted) });
    for (const run of given) for (const key of run.assets) mirror.add(mirror.requested, key, run.partitions ?? IndexSet.range(0, 1));
    queue.push(...given);
    runs += given.length;
    still = given.length === 0 && queue.length === 0 ? still + 1 : 0;
    for (let ends = Math.ceil(random() * 3); ends > 0 && queue.length > 0; ends--) {
      const [run] = queue.splice(Math.floor(random() * queue.length), 1);
      if (!run) continue;
      const fails = new Set(run.assets.filter(() => random() < 0.04));
      planner.ended(run, (key) => (fails.has(key) ? IndexSet.empty() : (run.partitions ?? IndexSet.range(0, 1))));
      for (const key of run.assets) mirror.add(fails.has(key) ? mirror.failed : mirror.materialized, key, run.partitions ?? IndexSet.range(0, 1)); // prettier-ignore
    }
    if (random() < 0.01) planner = new BackfillPlanner(graph, mirror); // another process goes on
  }
  return runs;
}

describe("a planner that remembers what it has looked at", () => {
  it("asks for the same runs as the pure function, at every end of a run, whatever fails and in whichever order runs end", () => {
    let runs = 0;
    for (let seed = 1; seed <= 25; seed++) runs += play(seed);
    expect(runs).toBeGreaterThan(1_000); // or it would compare nothing
  });

  it("waits with an asset of several partitions a run until no run of what it needs is under way", () => {
    const graph = new BackfillGraph(
      [asset("a", []), asset("b", [{ key: "a" }]), asset("c", [{ key: "b" }], { policy: { maxPartitionsPerRun: "all" } })],
      { nowMs: Date.parse("2024-01-04T00:00Z") },
    );
    const target = allPartitionsOf(graph, ["a", "b", "c"]);
    const planner = new BackfillPlanner(graph, { target, requested: new Map(), materialized: new Map(), failed: new Map() });
    const rounds: string[][] = [];
    const queue: BackfillRun[] = [];
    do {
      const runs = planner.next().flatMap((group) => runsOf(graph, group));
      rounds.push(told(runs));
      queue.push(...runs);
      const run = queue.shift();
      if (run) planner.ended(run, () => run.partitions ?? IndexSet.empty());
    } while (queue.length > 0 || !planner.isIdle);
    rounds.push(told(planner.next().flatMap((group) => runsOf(graph, group))));
    expect(rounds.filter((round) => round.length > 0)).toEqual([["a+b 0", "a+b 1", "a+b 2"], ["c 0,1,2"]]);
  });
});
