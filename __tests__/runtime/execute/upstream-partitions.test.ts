import {
  Asset,
  CustomMapping,
  Definitions,
  Input,
  InputPartitions,
  type Millrace,
  PartitionedAssetContext,
  type Partitions,
  Pipeline,
  allPartitions,
  byPartition,
  dailyPartitions,
  dynamicPartitions,
  offset,
  ref,
  timeWindowMapping,
  weeklyPartitions,
} from "../../../runtime/entries/index.js";
import { ProjectOnDisk } from "./on-disk";

const daily = dailyPartitions({ start: "2025-01-01", end: "2025-01-15" });
const weekly = weeklyPartitions({ start: "2025-01-01", end: "2025-01-15", dayOffset: 3 });
const customers = dynamicPartitions("customers");

let seen: unknown[] = [];
let failOn: string | undefined;

class TwoDaysAgo extends CustomMapping {
  *upstreamOf(key: string) {
    yield `2025-01-${String(Number(key.slice(-2)) - 2).padStart(2, "0")}`;
  }
  *downstreamOf(key: string) {
    yield `2025-01-${String(Number(key.slice(-2)) + 2).padStart(2, "0")}`;
  }
}

@Pipeline()
class Shop {
  @Asset({ partitions: daily }) orders(context: PartitionedAssetContext) {
    seen.push(["orders", ...context.partitionKeys]);
    return byPartition(
      (function* () {
        for (const key of context.partitionKeys) {
          if (key === failOn) throw new Error(`no ${key}`);
          yield [key, Number(key.slice(-2))] as const;
        }
      })(),
    );
  }
  @Asset({ partitions: weekly }) async week(@InputPartitions(ref<number>("orders")) days: Partitions<number>): Promise<number> {
    let sum = 0;
    for await (const [, value] of days) sum += value;
    return sum;
  }
  @Asset({ partitions: daily }) total(
    @Input(ref<number>("orders")) today: number,
    @Input(ref<number>("total"), { mapping: offset(-1), optional: true }) yesterday: number | undefined,
  ): number {
    seen.push(["total", today, yesterday]);
    return today + (yesterday ?? 0);
  }
  @Asset({ partitions: daily }) strict(@Input(ref<number>("orders"), { mapping: offset(-1) }) before: number): number {
    return before;
  }
  @Asset({ partitions: daily }) around(
    @InputPartitions(ref<number>("orders"), { mapping: timeWindowMapping({ startOffset: -1 }) }) days: Partitions<number>,
  ): readonly string[] {
    return days.keys;
  }
  @Asset({ partitions: daily }) rested(@Input(ref<number>("orders"), { mapping: new TwoDaysAgo() }) value: number): number {
    return value;
  }
  @Asset() async everything(
    @InputPartitions(ref<number>("orders"), { mapping: allPartitions() }) days: Partitions<number>,
  ): Promise<readonly unknown[]> {
    return [days.keys.length, await days.get("2025-01-02").catch((error: Error) => error.message)];
  }
  @Asset({ partitions: customers }) invoice(context: PartitionedAssetContext): string {
    return `for ${context.partitionKey}`;
  }
}

const definitions = new Definitions({ pipelines: [Shop] });
let project: ProjectOnDisk;
let millrace: Millrace;
beforeEach(async () => {
  seen = [];
  failOn = undefined;
  project = new ProjectOnDisk();
  millrace = await project.open(definitions);
});
afterEach(() => project.remove());

/** What a promise was rejected with: the whole message. */
function messageOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: Error) => error.message,
  );
}

/** What the newest materialization of a partition tells. */
async function latest(asset: string, partition: string) {
  const [event] = await millrace.store.latestPartitions(asset, [partition]);
  return event;
}

async function failureOf(work: ReturnType<Millrace["materialize"]>): Promise<string | undefined> {
  const { runId } = await work;
  const events = await millrace.store.events({ runId, afterSeq: 0, limit: 1_000 });
  return events.find((event) => event.type === "STEP_FAILURE")?.payload?.error?.message;
}

describe("values of partitions that earlier runs made", () => {
  it("are read after the store is opened anew, with their versions", async () => {
    await millrace.materialize("orders", { partitions: "2025-01-01...2025-01-07" });
    await project.close();
    millrace = await project.open(definitions);
    expect(await millrace.materialize("week", { partitionKey: "2025-01-01" })).toMatchObject({ status: "SUCCESS" });
    const week = await latest("week", "2025-01-01");
    const days = ["01", "02", "03", "04", "05", "06", "07"].map((day) => `2025-01-${day}`);
    const made = await millrace.store.latestPartitions("orders", days);
    expect(week?.payload?.inputs).toEqual(
      made.map(({ id, partition, payload }) => ({
        key: "orders",
        partition: partition?.key,
        dataVersion: payload?.dataVersion,
        eventId: id,
      })),
    );
    expect(made).toHaveLength(7);
  });

  it("that were never made are told, with the command that makes them", async () => {
    await millrace.materialize("orders", { partitions: "2025-01-01...2025-01-06" });
    expect(await failureOf(millrace.materialize("week", { partitionKey: "2025-01-01" }))).toBe(
      'Step "week" needs partition "2025-01-07" of "orders", which was never materialized.\n  → Run `millrace materialize orders --partition "2025-01-07"` first.',
    );
    expect(await failureOf(millrace.materialize("total", { partitionKey: "2025-01-08" }))).toBe(
      'Step "total" needs partition "2025-01-08" of "orders", which was never materialized.\n  → Run `millrace materialize orders --partition "2025-01-08"` first.',
    );
  });

  it("are all there for an asset that is not divided", async () => {
    await millrace.materialize("orders", { partitions: "2025-01-01...2025-01-14" });
    const { runId } = await millrace.materialize("everything");
    const [made] = await millrace.store.latestMaterializations(["everything"]);
    expect([made?.materialization?.runId, made?.materialization?.payload?.inputs?.length]).toEqual([runId, 14]);
  });

  it("are mapped by a rule of the author's own", async () => {
    await millrace.materialize("orders", { partitionKey: "2025-01-03" });
    await millrace.materialize("rested", { partitionKey: "2025-01-05" });
    expect((await latest("rested", "2025-01-05"))?.payload?.inputs).toMatchObject([{ key: "orders", partition: "2025-01-03" }]);
    expect(await messageOf(millrace.materialize("rested", { partitionKey: "2025-01-02" }))).toBe(
      '"rested" needs partition "2025-01-00" of "orders", which does not exist.\n  → Run a partition whose upstream exists, give the mapping `allowNonexistentUpstream: true`, or make the input optional.',
    );
  });
});

describe("one value of a divided upstream", () => {
  it("is refused before the run is written when several partitions are needed, or none", async () => {
    expect(await messageOf(millrace.materialize("strict", { partitionKey: "2025-01-01" }))).toBe(
      '"strict" takes the value of "orders" by @Input, but its partition "2025-01-01" needs none of its partitions.\n  → Give the input `optional: true`, which makes it undefined then, or another `mapping`.',
    );
    expect(await messageOf(millrace.materialize("strict", { partitions: "2025-01-02...2025-01-04" }))).toBe(
      '"strict" takes one value of "orders" by @Input, but needs 3 of its partitions for the 3 of this run.\n  → Take them by @InputPartitions as Partitions<V>, or run one partition at a time.',
    );
    expect(await millrace.store.listRuns({ limit: 10 })).toEqual([]);
  });
});

describe("an asset that needs its own earlier partition", () => {
  it("gets yesterday's value, and undefined on the first day", async () => {
    for (const day of ["01", "02", "03"]) {
      const report = await millrace.materialize("orders or total", { partitionKey: `2025-01-${day}` });
      expect(report.status).toBe("SUCCESS");
    }
    expect(seen.filter((each) => (each as string[])[0] === "total")).toEqual([
      ["total", 1, undefined],
      ["total", 2, 1],
      ["total", 3, 3],
    ]);
    expect((await latest("total", "2025-01-03"))?.payload?.inputs).toMatchObject([
      { key: "orders", partition: "2025-01-03" },
      { key: "total", partition: "2025-01-02", eventId: (await latest("total", "2025-01-02"))?.id },
    ]);
  });
});

describe("running again what failed of several partitions", () => {
  it("makes only those that were not given, under the same selection and with tags that tell them", async () => {
    failOn = "2025-01-03";
    const failed = await millrace.materialize("orders", { partitions: "2025-01-01...2025-01-05", tags: { team: "data" } });
    expect(failed.status).toBe("FAILURE");
    await project.close();
    failOn = undefined;
    seen = [];
    millrace = await project.open(definitions);
    const again = await millrace.retry(failed.runId);
    expect(seen).toEqual([["orders", "2025-01-03", "2025-01-04", "2025-01-05"]]);
    const [second, first] = await millrace.store.listRuns({ limit: 2 });
    expect([first?.tags, second?.tags, second?.id]).toEqual([
      { team: "data", "millrace/partition_range_start": "2025-01-01", "millrace/partition_range_end": "2025-01-05" },
      { team: "data", "millrace/partition_range_start": "2025-01-03", "millrace/partition_range_end": "2025-01-05" },
      again.runId,
    ]);
  });

  it("keeps the one partition of a run, and its tag", async () => {
    failOn = "2025-01-02";
    const failed = await millrace.materialize("orders or total", { partitionKey: "2025-01-02" });
    failOn = undefined;
    expect((await millrace.retry(failed.runId)).status).toBe("SUCCESS");
    const [again] = await millrace.store.listRuns({ limit: 1 });
    expect(again?.tags).toEqual({ "millrace/partition": "2025-01-02" });
    expect(seen).toEqual([
      ["orders", "2025-01-02"],
      ["orders", "2025-01-02"],
      ["total", 2, undefined],
    ]);
  });
});

describe("keys that are kept in the store", () => {
  it("are partitions as soon as they are added", async () => {
    expect(await messageOf(millrace.materialize("invoice", { partitionKey: "ann" }))).toBe(
      'There is no partition "ann".\n  → No partition exists yet.',
    );
    await millrace.store.addDynamicPartitions("customers", ["ann", "../bob"]);
    expect((await millrace.materialize("invoice", { partitionKey: "../bob" })).status).toBe("SUCCESS");
    expect((await latest("invoice", "../bob"))?.partition).toEqual({ key: "../bob", index: 1 });
  });
});

describe("ten thousand partitions in one run", () => {
  const days = dailyPartitions({ start: "1990-01-01", end: "2020-01-01" });
  @Pipeline()
  class Many {
    @Asset({ partitions: days }) made(): void {}
    @Asset({ partitions: days, deps: ["made"] }) after(): void {}
  }

  it("are told one by one, each with what it read", async () => {
    const many = await project.open(new Definitions({ pipelines: [Many] }));
    const { runId } = await many.materialize("made+", { partitions: "1990-01-01...2017-05-18" });
    const [read] = await many.store.latestPartitions("made", ["2017-05-18"]);
    const [last] = await many.store.latestPartitions("after", ["2017-05-18"]);
    expect([last?.runId, last?.partition?.index, last?.payload?.inputs]).toMatchObject([
      runId,
      9_999,
      [{ key: "made", partition: "2017-05-18", eventId: read?.id }],
    ]);
  });
});
