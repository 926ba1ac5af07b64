import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  byPartition,
  dailyPartitions,
  Definitions,
  Input,
  MaterializeResult,
  Own,
  OwnPartitions,
  PartitionedAssetContext,
  Partitions,
  PartitionValues,
  Pipeline,
  ref,
  weeklyPartitions,
} from "../../../runtime/entries/index.js";
import { ProjectOnDisk } from "../execute/on-disk.js";

const days = dailyPartitions({ start: "2024-01-01", end: "2024-01-15" });
const weeks = weeklyPartitions({ start: "2024-01-01", end: "2024-01-14" });

/** What ran, in its order; which partitions fail. */
const ran: string[] = [];
const failing = new Set<string>();

@Pipeline()
class Sales {
  @Asset({ partitions: days })
  orders(context: PartitionedAssetContext): void {
    ran.push(`orders ${context.partitionKey}`);
    if (failing.has(context.partitionKey)) throw new Error("no orders");
  }

  @Asset({ partitions: days, backfill: { maxPartitionsPerRun: "all" }, deps: ["orders"] })
  index(context: PartitionedAssetContext): void {
    ran.push(`index ${context.partitionKeys.length}`);
  }

  @Asset({ partitions: weeks, deps: ["orders"] })
  weekly(context: PartitionedAssetContext): void {
    ran.push(`weekly ${context.partitionKey}`);
  }
}
const definitions = new Definitions({ pipelines: [Sales] });

let project: ProjectOnDisk;
beforeEach(() => {
  ran.length = 0;
  failing.clear();
  project = new ProjectOnDisk();
});
afterEach(() => project.remove());

it("runs what is ready, ranges whole, and ends as SUCCESS", async () => {
  const millrace = await project.open(definitions);
  const done = await millrace.backfill("key:orders or key:index", { reason: "a new price list", who: "ann" });
  expect(done).toMatchObject({ status: "SUCCESS", who: "ann", why: "a new price list", runCount: 15, asked: "key:orders or key:index" });
  expect(ran).toEqual([...Array.from({ length: 14 }, (_, day) => `orders 2024-01-${String(day + 1).padStart(2, "0")}`), "index 14"]);
});

it("leaves out what needs a failed partition, and a retry makes what is left, nothing twice", async () => {
  failing.add("2024-01-08");
  const millrace = await project.open(definitions);
  const failed = await millrace.backfill("key:orders or key:weekly", { maxConcurrentRuns: 1, order: "newest" });
  expect(failed).toMatchObject({
    status: "FAILURE",
    error: "2 partitions were not made: they failed, a blocking check of them did, or they need some that did.",
  });
  expect(ran.filter((each) => each.startsWith("weekly"))).toEqual([]);
  failing.clear();
  ran.length = 0;
  const again = await millrace.retryBackfill(failed.id);
  expect(again.status).toBe("SUCCESS");
  expect(ran).toEqual(["orders 2024-01-08", "weekly 2024-01-07"]);
});

it("makes what is stale or missing, and nothing that is fresh", async () => {
  const millrace = await project.open(definitions);
  await millrace.backfill("key:orders or key:weekly");
  ran.length = 0;
  await millrace.materialize("key:orders", { partitionKey: "2024-01-09" });
  await millrace.backfill("key:orders or key:weekly", { reprocess: "stale" });
  expect(ran).toEqual(["orders 2024-01-09", "weekly 2024-01-07"]);
  await expect(millrace.backfill("key:orders or key:weekly", { reprocess: "stale" })).rejects.toThrow(
    "There is nothing to backfill: none of 2 assets has a partition that is stale or missing.",
  );
});

it("stops after so many failed runs", async () => {
  for (let day = 1; day <= 14; day++) failing.add(`2024-01-${String(day).padStart(2, "0")}`);
  const millrace = await project.open(definitions);
  const stopped = await millrace.backfill("key:orders", { maxConcurrentRuns: 1, stopAfter: "20%" });
  expect(stopped).toMatchObject({
    status: "FAILURE",
    runCount: 3,
    error: "It stopped after 3 failed runs, as asked; 14 partitions are left.",
  });
});

it("makes only what is missing, or only what failed", async () => {
  failing.add("2024-01-03");
  const millrace = await project.open(definitions);
  await millrace.backfill("key:orders", { partitions: "2024-01-01...2024-01-05" });
  ran.length = 0;
  failing.clear();
  await millrace.backfill("key:orders", { reprocess: "failed" });
  expect(ran).toEqual(["orders 2024-01-03"]);
  await millrace.backfill("key:orders", { reprocess: "missing", maxConcurrentRuns: 1 });
  expect(ran).toEqual([
    "orders 2024-01-03",
    ...["06", "07", "08", "09", "10", "11", "12", "13", "14"].map((day) => `orders 2024-01-${day}`),
  ]);
  await expect(millrace.backfill("key:orders", { reprocess: "missing" })).rejects.toThrow(
    'There is nothing to backfill: none of "orders" has a partition that is missing.\n  → Leave --missing out to make all of them again.',
  );
});

it("is paused by a signal, and goes on where it was", async () => {
  const millrace = await project.open(definitions);
  const controller = new AbortController();
  const paused = await millrace.backfill("key:orders", {
    maxConcurrentRuns: 1,
    signal: controller.signal,
    onRunEnd: () => ran.length === 4 && controller.abort(),
  });
  expect(paused).toMatchObject({ status: "PAUSED", runCount: 4 });
  const done = await millrace.resumeBackfill(paused.id);
  expect(done).toMatchObject({ status: "SUCCESS", runCount: 14 });
  expect(new Set(ran).size).toBe(14);
  expect(ran).toHaveLength(14);
  await expect(millrace.resumeBackfill(done.id)).rejects.toThrow(
    `Backfill ${done.id} is SUCCESS; there is nothing to resume.\n  → \`millrace backfill retry ${done.id}\` makes what failed or is left.`,
  );
});

it("refuses what cannot be meant", async () => {
  const millrace = await project.open(definitions);
  await expect(millrace.backfill("key:orders", { stopAfter: "many" })).rejects.toThrow(
    'A backfill cannot stop after "many".\n  → Give a number of failed runs, e.g. 5, or a share of all runs, e.g. 10%.',
  );
  await expect(millrace.backfill("key:orders", { maxConcurrentRuns: 0 })).rejects.toThrow(
    "A backfill cannot have 0 runs at once.\n  → Give a whole number, 1 or more.",
  );
  await expect(millrace.backfill("key:orders", { partitions: "2024-02-01" })).rejects.toThrow(
    'There is no partition "2024-02-01".\n  → Did you mean "2024-01-01"? Partitions go from "2024-01-01" to "2024-01-14".',
  );
  expect(await millrace.store.listBackfills({ limit: 10 })).toEqual([]);
});

it("makes what checks need before what they check, and lets steps of one run read the same partitions at once", async () => {
  @Pipeline()
  class Shop {
    @Asset({ partitions: days }) rows(): number {
      return 1;
    }
    @Asset() shops(): string[] {
      return ["a"];
    }
    @Asset({ partitions: weeks }) sum(@OwnPartitions("rows") ofDays: Partitions<number>): Promise<number> {
      return added(ofDays);
    }
    @Asset({ partitions: weeks }) mean(@OwnPartitions("rows") ofDays: Partitions<number>): Promise<number> {
      return added(ofDays);
    }
    @AssetCheck({ asset: "rows", blocking: true }) shopIsKnown(@Input(ref<string[]>("shops")) shops: string[]): AssetCheckResult {
      return new AssetCheckResult({ passed: shops.length === 1 });
    }
  }
  const added = async (ofDays: Partitions<number>): Promise<number> => {
    let sum = 0;
    for await (const [, value] of ofDays) sum += value;
    return sum;
  };
  const millrace = await project.open(new Definitions({ pipelines: [Shop] }));
  expect(await millrace.backfill("*")).toMatchObject({ status: "SUCCESS" });
});

describe("a blocking check in a backfill", () => {
  const made: string[] = [];
  let bad = "2024-01-09";
  beforeEach(() => made.splice(0));

  @Pipeline()
  class Checked {
    @Asset({ partitions: days }) rows(context: PartitionedAssetContext): string {
      made.push(`rows ${context.partitionKey}`);
      return context.partitionKey;
    }
    @AssetCheck({ asset: "rows", blocking: true }) fine(@Own("rows") day: string): AssetCheckResult {
      if (bad === "throws") throw new Error("cannot tell");
      return new AssetCheckResult({ passed: day !== bad });
    }
    @Asset({ partitions: days, deps: ["rows"] }) same(context: PartitionedAssetContext): void {
      made.push(`same ${context.partitionKey}`);
    }
    @Asset({ partitions: weeks, deps: ["rows"] }) weekly(context: PartitionedAssetContext): void {
      made.push(`weekly ${context.partitionKey}`);
    }
  }
  const checked = new Definitions({ pipelines: [Checked] });
  const week = { partitions: "2024-01-07...2024-01-13" };

  it.each(["2024-01-09", "throws"])("holds back what needs the partition, in its run and in others, until it passes: %s", async (fault) => {
    bad = fault;
    const millrace = await project.open(checked);
    const failed = await millrace.backfill("*", week);
    const left = fault === "throws" ? 15 : 3;
    expect(failed).toMatchObject({ status: "FAILURE", error: `${left} partitions were not made: they failed, a blocking check of them did, or they need some that did.` }); // prettier-ignore
    expect(made.filter((each) => each.startsWith("weekly") || each === "same 2024-01-09")).toEqual([]);
    await project.close();

    const later = await project.open(checked);
    made.splice(0);
    expect(await later.retryBackfill(failed.id)).toMatchObject({ status: "FAILURE" });
    expect(made.filter((each) => !each.startsWith("rows"))).toEqual([]);
    bad = "";
    made.splice(0);
    expect(await later.retryBackfill(failed.id)).toMatchObject({ status: "SUCCESS" });
    expect(new Set(made)).toContain("weekly 2024-01-07");
    expect(made.filter((each) => each.endsWith("01-09"))).toEqual(["rows 2024-01-09", "same 2024-01-09"]);
  });

  it("of the asset's own method holds back what needs a partition that it fails for", async () => {
    @Pipeline()
    class Kept {
      @Asset({ partitions: days, checks: [{ name: "fine", blocking: true }], backfill: { maxPartitionsPerRun: "all" } })
      rows(context: PartitionedAssetContext): PartitionValues<MaterializeResult<string>> {
        return byPartition(
          context.partitionKeys.map((key) => [
            key,
            new MaterializeResult({ value: key, checks: [new AssetCheckResult({ passed: key !== "2024-01-09" })] }),
          ]),
        );
      }
      @Asset({ partitions: weeks, deps: ["rows"] }) weekly(context: PartitionedAssetContext): void {
        made.push(`weekly ${context.partitionKey}`);
      }
    }
    const millrace = await project.open(new Definitions({ pipelines: [Kept] }));
    expect(await millrace.backfill("*", { partitions: "2024-01-01...2024-01-14" })).toMatchObject({
      status: "FAILURE",
    });
    expect(made).toEqual([]);
  });
});

it("gives its runs a priority below others', unless its tags name one", async () => {
  const millrace = await project.open(definitions);
  const priority = async (tags: Record<string, string>): Promise<unknown> => {
    await millrace.backfill("key:orders", { partitions: "2024-01-02", tags });
    return (await millrace.store.listRuns({ limit: 1 }))[0]?.tags["millrace/priority"];
  };
  expect([await priority({}), await priority({ "millrace/priority": "5" })]).toEqual(["-10", "5"]);
});
