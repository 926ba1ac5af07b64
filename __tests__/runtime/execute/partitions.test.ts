import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  MaterializeResult,
  MetadataValue,
  Own,
  InputPartitions,
  PartitionedAssetContext,
  type Partitions,
  Pipeline,
  byPartition,
  dailyPartitions,
  multiPartitions,
  ref,
  staticPartitions,
} from "../../../runtime/entries/index.js";
import { materialize, testContext } from "../../../runtime/entries/testing.js";
import { failures, told } from "./outcome";

const daily = dailyPartitions({ start: "2025-01-01", end: "2025-01-11" });
const THREE = "2025-01-01...2025-01-03";

/** What a promise was rejected with: the whole message. */
function messageOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: Error) => error.message,
  );
}

let seen: unknown[] = [];
beforeEach(() => void (seen = []));

@Pipeline()
class Days {
  @Asset({ partitions: daily }) raw(context: PartitionedAssetContext): unknown {
    seen.push(["raw", ...context.partitionKeys]);
    const values = new Map(context.partitionKeys.map((key) => [key, Number(key.slice(-2))]));
    return context.partitionKeys.length === 1 ? values.get(context.partitionKey) : byPartition(values);
  }
  @Asset({ partitions: daily }) doubled(@InputPartitions(ref<number>("raw")) raw: Partitions<number>): unknown {
    seen.push(["doubled", ...raw.keys]);
    return byPartition(
      (async function* () {
        for await (const [key, value] of raw) yield [key, value * 2] as const;
      })(),
    );
  }
  @Asset() settings(): number {
    seen.push(["settings"]);
    return 1;
  }
}

describe("a run of one partition", () => {
  it("makes it of each divided asset, and the others once", async () => {
    const result = await materialize([Days], { partitionKey: "2025-01-02" });
    expect(seen).toEqual([["settings"], ["raw", "2025-01-02"], ["doubled", "2025-01-02"]]);
    const partition = "2025-01-02";
    expect([result.value("raw", { partition }), result.value("doubled", { partition }), result.value("settings")]).toEqual([2, 4, 1]);
    expect(result.plan.partitions).toEqual({ definition: daily, ranges: [[partition, partition]] });
    expect(result.materialized).toEqual(["settings", "raw", "doubled"]);
  });

  it("tells the partition in what is planned, materialized and checked", async () => {
    @Pipeline()
    class Checked {
      @Asset({ partitions: daily }) day(): number {
        return 1;
      }
      @AssetCheck({ asset: "day" }) positive(@Own("day") day: number): AssetCheckResult {
        return new AssetCheckResult({ passed: day > 0 });
      }
    }
    const result = await materialize([Checked], { partitionKey: "2025-01-02" });
    const about = result.events.filter((event) => event.assetKey !== undefined && event.type.startsWith("ASSET_"));
    expect(about.map(({ type, partition }) => [type, partition])).toEqual(
      ["ASSET_MATERIALIZATION_PLANNED", "ASSET_CHECK_EVALUATION_PLANNED", "ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION"].map((type) => [
        type,
        { key: "2025-01-02", index: 1 },
      ]),
    );
  });

  it("tells the value that it has not", async () => {
    const result = await materialize([Days], { selection: "raw", partitionKey: "2025-01-02" });
    expect(() => result.value("raw", { partition: "2025-01-03" })).toThrow(
      'The run stored no value of partition "2025-01-03" of "raw".\n  → It materialized raw.',
    );
  });
});

describe("a run of several partitions", () => {
  it("calls each method once and tells each partition by an event of its own, with what it read", async () => {
    const result = await materialize([Days], { selection: "raw+", partitions: THREE });
    const days = ["2025-01-01", "2025-01-02", "2025-01-03"];
    expect(seen).toEqual([
      ["raw", ...days],
      ["doubled", ...days],
    ]);
    const made = result.events.filter((event) => event.type === "ASSET_MATERIALIZATION");
    expect(made.map((event) => [event.assetKey, event.partition])).toEqual(
      ["raw", "doubled"].flatMap((asset) => days.map((key, index) => [asset, { key, index }])),
    );
    for (const at of [0, 1, 2]) {
      const { id, partition, payload } = made[at]!;
      const inputs = [{ key: "raw", partition: partition?.key, dataVersion: payload?.dataVersion, eventId: id }];
      expect(made[at + 3]!.payload?.inputs).toEqual(inputs);
    }
    expect(result.value("doubled", { partition: "2025-01-03" })).toBe(6);
  });

  it("gives each partition metadata and a data version of its own, beside what was given for all", async () => {
    @Pipeline()
    class Told {
      @Asset({ partitions: daily, codeVersion: "1" }) day(context: PartitionedAssetContext) {
        context.addOutputMetadata({ source: "api" });
        const each = (key: string) =>
          new MaterializeResult({ value: key, dataVersion: `v-${key}`, metadata: { rows: MetadataValue.int(Number(key.slice(-2))) } });
        return byPartition(context.partitionKeys.map((key) => [key, each(key)] as const));
      }
    }
    const result = await materialize([Told], { partitions: "2025-01-01...2025-01-02" });
    const made = result.events.filter((event) => event.type === "ASSET_MATERIALIZATION");
    expect(made.map(({ payload }) => [payload?.dataVersion, payload?.metadata])).toEqual([
      ["v-2025-01-01", { source: { type: "text", value: "api" }, rows: { type: "int", value: 1 } }],
      ["v-2025-01-02", { source: { type: "text", value: "api" }, rows: { type: "int", value: 2 } }],
    ]);
    expect(result.value("day", { partition: "2025-01-02" })).toBe("2025-01-02");
  });

  it("needs no values: an asset that stores nothing is materialized in each partition", async () => {
    @Pipeline()
    class Empty {
      @Asset({ partitions: daily }) day(): void {}
    }
    const result = await materialize([Empty], { partitions: THREE });
    expect(told(result, "day").filter((line) => line.startsWith("ASSET_MATERIALIZATION "))).toHaveLength(3);
  });

  const wrong = (give: (keys: readonly string[]) => unknown) => {
    @Pipeline()
    class Wrong {
      @Asset({ partitions: daily }) day(context: PartitionedAssetContext): unknown {
        return give(context.partitionKeys);
      }
    }
    return materialize([Wrong], { partitions: THREE, raiseOnError: false });
  };

  it.each<[string, (keys: readonly string[]) => unknown, string]>([
    [
      "one value for all",
      () => 1,
      'Wrong.day (FILE) gave one value for 3 partitions of "day".\n  → Return byPartition(map) with the value of each of `context.partitionKeys`, or run one partition at a time.',
    ],
    [
      "a partition too few",
      (keys) => byPartition(keys.slice(1).map((key) => [key, 1] as const)),
      'Wrong.day (FILE) ended without giving 1 of the 3 partitions of "day": "2025-01-01".\n  → Give each of `context.partitionKeys`, or mark the out `skippable: true`.',
    ],
    [
      "a partition of another run",
      () => byPartition([["2025-01-04", 1]]),
      'Wrong.day (FILE) gave partition "2025-01-04" of "day", which is none of this run.\n  → Did you mean "2025-01-01"? Give those of `context.partitionKeys`.',
    ],
    [
      "a partition twice",
      ([first = ""]) =>
        byPartition([
          [first, 1],
          [first, 2],
        ]),
      'Wrong.day (FILE) gave partition "2025-01-01" of "day" twice.\n  → Give each partition once.',
    ],
  ])("refuses %s", async (_, give, message) => {
    expect(failures(await wrong(give))).toEqual({ day: message });
  });

  it("keeps what was given before a failure, tells which partitions are missing, and tries those again", async () => {
    let attempts = 0;
    @Pipeline()
    class Flaky {
      @Asset({ partitions: daily, retry: { maxRetries: 1, delay: 0 } }) day(context: PartitionedAssetContext) {
        attempts += 1;
        seen.push([...context.partitionKeys]);
        return byPartition(
          (function* () {
            for (const key of context.partitionKeys) {
              if (key === "2025-01-02" && attempts < 3) throw new Error("no");
              yield [key, key] as const;
            }
          })(),
        );
      }
    }
    const result = await materialize([Flaky], { partitions: THREE, raiseOnError: false });
    expect(seen).toEqual([
      ["2025-01-01", "2025-01-02", "2025-01-03"],
      ["2025-01-02", "2025-01-03"],
    ]);
    const ends = result.events.filter(({ type }) => type === "ASSET_MATERIALIZATION" || type === "ASSET_FAILED_TO_MATERIALIZE");
    expect(ends.map(({ type, partition }) => [type, partition?.key])).toEqual([
      ["ASSET_MATERIALIZATION", "2025-01-01"],
      ["ASSET_FAILED_TO_MATERIALIZE", "2025-01-02"],
      ["ASSET_FAILED_TO_MATERIALIZE", "2025-01-03"],
    ]);
  });
});

describe("the context of a partition", () => {
  const grid = multiPartitions({ day: daily, region: staticPartitions(["eu", "us"]) });
  function contextIn(
    partitions: typeof daily | typeof grid | ReturnType<typeof staticPartitions>,
    asked: { partitionKey?: string; partitions?: string },
    read: (context: PartitionedAssetContext) => unknown,
  ) {
    @Pipeline()
    class Reads {
      @Asset({ partitions }) day(context: PartitionedAssetContext): void {
        seen.push(read(context));
      }
    }
    return messageOf(materialize([Reads], asked)).then((message) => (message === "no error" ? seen.pop() : message));
  }
  const windowOf = ({ partitionTimeWindow: { startMs, endMs } }: PartitionedAssetContext) => [
    new Date(startMs).toISOString(),
    new Date(endMs).toISOString(),
  ];

  it("can be made for a direct call of a method", () => {
    const context = testContext({ partitions: daily, partitionKeys: ["2025-01-02"] });
    expect(new Days().raw(context)).toBe(2);
    expect(testContext({ partitions: daily }).partitionKey).toBe("2025-01-10");
  });

  it("tells key, keys, range, window and dimensions", async () => {
    const one = await contextIn(daily, { partitionKey: "2025-01-02" }, (context) => [
      context.partitionKey,
      context.partitionKeys,
      context.partitionKeyRange,
      windowOf(context),
    ]);
    expect(one).toEqual([
      "2025-01-02",
      ["2025-01-02"],
      { first: "2025-01-02", last: "2025-01-02" },
      ["2025-01-02T00:00:00.000Z", "2025-01-03T00:00:00.000Z"],
    ]);
    const three = await contextIn(daily, { partitions: THREE }, (context) => [
      context.partitionKeys,
      context.partitionKeyRange,
      windowOf(context),
    ]);
    expect(three).toEqual([
      ["2025-01-01", "2025-01-02", "2025-01-03"],
      { first: "2025-01-01", last: "2025-01-03" },
      ["2025-01-01T00:00:00.000Z", "2025-01-04T00:00:00.000Z"],
    ]);
    const cell = await contextIn(grid, { partitionKey: "2025-01-02|us" }, (context) => [context.keysByDimension, windowOf(context)]);
    expect(cell).toEqual([{ day: "2025-01-02", region: "us" }, ["2025-01-02T00:00:00.000Z", "2025-01-03T00:00:00.000Z"]]);
  });

  it.each<[string, Parameters<typeof contextIn>, string]>([
    [
      "the key of several",
      [daily, { partitions: THREE }, (context) => context.partitionKey],
      'This run gives 3 partitions of "day" at once, so partitionKey has no meaning.\n  → Take `partitionKeys`, or run one partition at a time.',
    ],
    [
      "a range with a hole",
      [daily, { partitions: "2025-01-01,2025-01-03" }, (context) => context.partitionKeyRange],
      'The partitions of "day" that this run gives are not adjacent, so partitionKeyRange has no meaning.\n  → Take `partitionKeys`.',
    ],
    [
      "the window of a static key",
      [staticPartitions(["a", "b"]), { partitionKey: "a" }, (context) => context.partitionTimeWindow],
      'The partitions of "day" are no windows of time, so partitionTimeWindow has no meaning.\n  → Take `partitionKey`, or divide the asset by time, e.g. with dailyPartitions().',
    ],
    [
      "the dimensions of a day",
      [daily, { partitionKey: "2025-01-01" }, (context) => context.keysByDimension],
      'The partitions of "day" have no dimensions, so keysByDimension has no meaning.\n  → Take `partitionKey`, or divide the asset with multiPartitions().',
    ],
  ])("refuses to tell %s", async (_, given, message) => {
    expect(await contextIn(...given)).toBe(`Step "day" failed: ExecutionError: ${message}`);
  });
});

describe("what a run may be asked for", () => {
  @Pipeline()
  class Mixed {
    @Asset({ partitions: daily }) day(): number {
      return 1;
    }
    @Asset({ partitions: staticPartitions(["eu", "us"]) }) region(): number {
      return 1;
    }
    @Asset() plain(): number {
      return 1;
    }
  }

  it.each<[string, Parameters<typeof materialize>[1], string]>([
    [
      "no partition of a divided asset",
      { selection: "day or plain" },
      '"day" is divided, and the run names no partition.\n  → Name it, `--partition KEY`, or a range, `--partitions FIRST...LAST`; `millrace backfill` makes them all, `--missing` those that are missing.',
    ],
    [
      "assets that are divided in two ways",
      { partitionKey: "eu" },
      'The assets of one run have the same partitions; these are divided in 2 ways: "day" / "region".\n  → Select those that are divided alike, or let a backfill make the runs: `millrace backfill SELECTION`.',
    ],
    [
      "a partition of what is not divided",
      { selection: "plain", partitionKey: "eu" },
      'Nothing that the selection holds is divided, so there is no partition "eu".\n  → Leave the partition out, or select an asset that has partitions.',
    ],
    [
      "a key that does not exist",
      { selection: "day", partitionKey: "2025-01-1" },
      'There is no partition "2025-01-1".\n  → Did you mean "2025-01-10"? Partitions go from "2025-01-01" to "2025-01-10".',
    ],
    [
      "a range that ends before it begins",
      { selection: "day", partitions: "2025-01-03...2025-01-01" },
      'The range "2025-01-03...2025-01-01" ends before it begins.\n  → Write "2025-01-01...2025-01-03".',
    ],
    [
      "one and several",
      { selection: "day", partitionKey: "2025-01-01", partitions: THREE },
      "The run is asked for one partition and for several.\n  → Give one of the two: `partitionKey` (--partition) or `partitions` (--partitions).",
    ],
  ])("refuses %s", async (_, options, message) => {
    expect(await messageOf(materialize([Mixed], options))).toBe(message);
  });

  it("makes what is not divided with the partitions of the rest", async () => {
    const result = await materialize([Mixed], { selection: "region or plain", partitionKey: "us" });
    expect([result.value("plain"), result.value("region", { partition: "us" })]).toEqual([1, 1]);
  });
});
