import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  byPartition,
  dailyPartitions,
  Definitions,
  edge,
  Input,
  MaterializeResult,
  type Millrace,
  offset,
  Own,
  OwnPartitions,
  PartitionedAssetContext,
  Partitions,
  type PartitionValues,
  Pipeline,
  ref,
  weeklyPartitions,
} from "../../../runtime/entries/index.js";
import { ProjectOnDisk } from "./on-disk";

const days = dailyPartitions({ start: "2024-01-01", end: "2024-01-15" });
const weeks = weeklyPartitions({ start: "2024-01-01", end: "2024-01-15", dayOffset: 1 });
const RANGE = "2024-01-01...2024-01-14";

/** What raw gives on the days that it gives something else for, and what of the code has changed. */
const world = { raw: new Map<string, string>(), rawCode: "1", reuse: true, failing: new Set<string>() };
let calls: string[] = [];

/** raw → clean → weekly, all; clean → total, which counts on from yesterday. All by the day but weekly and all. */
function definitions(): Definitions {
  @Pipeline()
  class Shop {
    @Asset({ partitions: days, codeVersion: world.rawCode })
    raw({ partitionKey }: PartitionedAssetContext): MaterializeResult<string> {
      const value = world.raw.get(partitionKey) ?? "r1";
      calls.push(`raw ${partitionKey.slice(-2)}`);
      return new MaterializeResult({ value, dataVersion: value });
    }
    @Asset({ partitions: days, codeVersion: "1", reuse: world.reuse })
    clean({ partitionKey }: PartitionedAssetContext, @Own("raw") raw: string): string {
      calls.push(`clean ${partitionKey.slice(-2)}`);
      return raw;
    }
    @Asset({ partitions: days, codeVersion: "1" })
    total(
      { partitionKey }: PartitionedAssetContext,
      @Own("clean") clean: string,
      @Input(ref<string>("total"), { mapping: offset(-1), optional: true }) before: string | undefined,
    ): string {
      calls.push(`total ${partitionKey.slice(-2)}`);
      return `${before ?? ""}${clean}`;
    }
    @Asset({ partitions: weeks, codeVersion: "1" })
    async weekly({ partitionKey }: PartitionedAssetContext, @OwnPartitions("clean") ofDays: Partitions<string>): Promise<number> {
      calls.push(`weekly ${partitionKey.slice(-2)}`);
      return (await ofDays.toMap()).size;
    }
    @Asset({ codeVersion: "1" })
    async all(@OwnPartitions("clean") ofDays: Partitions<string>): Promise<number> {
      calls.push("all");
      return (await ofDays.toMap()).size;
    }
    @AssetCheck({ asset: ref(Shop, "clean"), blocking: true })
    fine(): AssetCheckResult {
      return new AssetCheckResult({ passed: world.failing.size === 0 });
    }
  }
  return new Definitions({ pipelines: [Shop] });
}

let project: ProjectOnDisk;
let millrace: Millrace;
beforeEach(async () => {
  Object.assign(world, { raw: new Map(), rawCode: "1", reuse: true });
  world.failing.clear();
  project = new ProjectOnDisk();
  millrace = await project.open(definitions());
  await millrace.backfill("*");
  calls = [];
});
afterEach(() => project.remove());

/** Starts again with the world as it is now. */
async function again(): Promise<void> {
  await project.close();
  millrace = await project.open(definitions());
  calls = [];
}

/** All that was called, without raw, which is always run. */
const called = (): string[] => calls.filter((call) => !call.startsWith("raw")).sort();

it("runs of a backfill of what is stale only what would come out different, by partition, down to the last", async () => {
  Object.assign(world, { rawCode: "2", raw: new Map([["2024-01-12", "r2"]]) });
  await again();
  const reused: string[] = [];
  const done = await millrace.backfill("*", {
    reprocess: "stale",
    onRunEnd: (run, report) => reused.push(...report.reused),
  });
  expect(done).toMatchObject({ status: "SUCCESS", options: { reuse: true } });
  expect(calls.filter((call) => call.startsWith("raw"))).toHaveLength(14);
  expect(called()).toEqual(["all", "clean 12", "total 12", "total 13", "total 14", "weekly 08"]);
  expect([reused.filter((key) => key === "clean").length, reused.filter((key) => key === "weekly").length]).toEqual([13, 1]);
  expect((await millrace.staleness()).keysThatAre("stale")).toEqual([]);
  const { assets = [] } = (await millrace.store.backfillProgress(done.id)) ?? {};
  expect(assets.map(({ assetKey, materialized, failed }) => [assetKey, materialized.size, failed.size])).toEqual([
    ["raw", 14, 0],
    ["clean", 14, 0],
    ["all", 1, 0],
    ["total", 14, 0],
    ["weekly", 2, 0],
  ]);
});

it("tells which materialization of which partition stands for a step, and writes no other", async () => {
  const [before] = await millrace.store.latestPartitions("clean", ["2024-01-03"]);
  world.rawCode = "2";
  await again();
  const report = await millrace.materializeStale("key:raw or key:clean", { partitionKey: "2024-01-03" });
  expect([report?.status, calls]).toEqual(["SUCCESS", ["raw 03"]]);
  const events = await millrace.store.events({ runId: report?.runId ?? "", afterSeq: 0, limit: 1_000 });
  expect(events.flatMap(({ type, stepKey, payload }) => (type === "STEP_REUSED" ? [[stepKey, payload]] : []))).toEqual([
    ["clean", { reused: [{ key: "clean", partition: "2024-01-03", dataVersion: before?.payload?.dataVersion, eventId: before?.id }] }],
  ]);
  expect(await millrace.store.latestPartitions("clean", ["2024-01-03"])).toEqual([before]);
  expect((await millrace.staleness(["clean"])).partitionsThatAre("stale", "clean").has(2)).toBe(false);
});

describe("a run of several partitions", () => {
  const ranged = { code: "1", raw: new Map<string, string>() };

  function ofRanges(): Definitions {
    @Pipeline()
    class Ranges {
      @Asset({ partitions: days, codeVersion: ranged.code })
      source({ partitionKeys }: PartitionedAssetContext): PartitionValues<MaterializeResult<string>> {
        calls.push(`source ${partitionKeys.length}`);
        const of = (key: string): string => ranged.raw.get(key) ?? "r1";
        return byPartition(partitionKeys.map((key) => [key, new MaterializeResult({ value: of(key), dataVersion: of(key) })] as const));
      }
      @Asset({ partitions: days, codeVersion: "1" })
      index({ partitionKeys }: PartitionedAssetContext, @OwnPartitions("source") source: Partitions<string>): void {
        calls.push(`index ${partitionKeys.length} of ${source.keys.length}`);
      }
      @Asset({ partitions: days, codeVersion: "1", deps: ["index", edge("chain", { mapping: offset(-1) })] })
      chain({ partitionKeys }: PartitionedAssetContext): void {
        calls.push(`chain ${partitionKeys.length}`);
      }
    }
    return new Definitions({ pipelines: [Ranges] });
  }

  /** Runs what is stale among all days, in one run. */
  async function whatIsStale(): Promise<{ calls: string[]; steps: Record<string, string> }> {
    await project.close();
    millrace = await project.open(ofRanges());
    calls = [];
    const report = await millrace.materializeStale("*", { partitions: RANGE });
    const steps = await millrace.store.steps(report?.runId ?? "");
    return { calls, steps: Object.fromEntries(steps.map(({ key, status }) => [key, status])) };
  }

  beforeEach(async () => {
    await project.remove();
    project = new ProjectOnDisk();
    Object.assign(ranged, { code: "1", raw: new Map() });
    expect((await whatIsStale()).calls).toEqual(["source 14", "index 14 of 14", "chain 14"]);
  });

  it("is reused when the results of all of them hold, also where each hangs on the one before", async () => {
    ranged.code = "2";
    expect(await whatIsStale()).toEqual({ calls: ["source 14"], steps: { source: "SUCCESS", index: "REUSED", chain: "REUSED" } });
    expect((await millrace.staleness()).keysThatAre("stale")).toEqual([]);
  });

  it("is run with all of them as soon as one would come out different", async () => {
    Object.assign(ranged, { code: "2", raw: new Map([["2024-01-14", "r2"]]) });
    expect(await whatIsStale()).toEqual({
      calls: ["source 14", "index 14 of 14", "chain 14"],
      steps: { source: "SUCCESS", index: "SUCCESS", chain: "SUCCESS" },
    });
  });
});

it("runs all the same with force, and what is not to be reused", async () => {
  world.rawCode = "2";
  await again();
  await millrace.backfill("key:raw or key:clean", { reprocess: "stale", force: true, partitions: "2024-01-01...2024-01-02" });
  expect(called()).toEqual(["clean 01", "clean 02"]);
  Object.assign(world, { rawCode: "3", reuse: false });
  await again();
  await millrace.backfill("key:raw or key:clean or key:weekly", { reprocess: "stale", partitions: "2024-01-01...2024-01-07" });
  expect(called()).toEqual(["01", "02", "03", "04", "05", "06", "07"].map((day) => `clean ${day}`));
});

it("does not reuse a partition that a blocking check held back last", async () => {
  world.failing.add("all");
  await again();
  await millrace.materialize("key:clean", { partitionKey: "2024-01-05" });
  world.failing.clear();
  world.rawCode = "2";
  await again();
  await millrace.backfill("key:raw or key:clean", { reprocess: "stale", partitions: "2024-01-04...2024-01-06" });
  expect(called()).toEqual(["clean 05"]);
});

it("is never reused by a backfill of all", async () => {
  await millrace.backfill("key:clean", { partitions: "2024-01-01...2024-01-02" });
  expect(called()).toEqual(["clean 01", "clean 02"]);
});
