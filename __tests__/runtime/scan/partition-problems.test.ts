import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  Definitions,
  type DefinitionsOptions,
  Input,
  InputPartitions,
  Own,
  OwnPartitions,
  PartitionedAssetContext,
  Partitions,
  Pipeline,
  allPartitions,
  dailyPartitions,
  defineAssets,
  edge,
  externalAsset,
  hourlyPartitions,
  identityMapping,
  lastPartition,
  latestTimeWindow,
  type MappingOption,
  monthlyPartitions,
  multiMapping,
  multiPartitions,
  multiToSingle,
  offset,
  type PartitionsDefinition,
  ref,
  specificPartitions,
  staticMapping,
  staticPartitions,
  timeWindowMapping,
  weeklyPartitions,
} from "../../../runtime/entries/index.js";
import { resolveDefinitions } from "../../../runtime/scan/resolve-definitions.js";
import { ScanError } from "../../../runtime/scan/scan-error.js";

const hourly = hourlyPartitions({ start: "2025-01-01" });
const daily = dailyPartitions({ start: "2025-01-01" });
const shifted = dailyPartitions({ start: "2025-01-01", hourOffset: 6 });
const berlin = dailyPartitions({ start: "2025-01-01", timezone: "Europe/Berlin" });
const weekly = weeklyPartitions({ start: "2025-01-01" });
const monthly = monthlyPartitions({ start: "2025-01-01" });
const regions = staticPartitions(["eu", "us"]);
const single = staticPartitions(["only"]);
const dayByRegion = multiPartitions({ day: daily, region: regions });
const dayBySingle = multiPartitions({ day: daily, kind: single });

function problemsOf(options: DefinitionsOptions): string {
  try {
    resolveDefinitions(new Definitions(options));
    return "no problem";
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    return error.problems
      .map(({ code, message, site, fix }) => `${code}: ${message}${site === undefined ? "" : `\n  at ${site}`}\n  → ${fix}`)
      .join("\n")
      .replace(/ \([^()]*?:\d+\)/g, " (FILE)");
  }
}

/** The problems of a class beside `up`, which is divided as told. */
function problemsWith(up: PartitionsDefinition | undefined, pipeline: new () => unknown): string {
  return problemsOf({ assets: [externalAsset({ key: "up", ...(up ? { partitions: up } : {}) })], pipelines: [pipeline] });
}

/** The problems of an asset that takes one value of another, by a mapping. */
function takingOne(up: PartitionsDefinition, down: PartitionsDefinition | undefined, mapping?: MappingOption): string {
  const input = Input(ref<number>("up"), mapping ? { mapping } : {});
  @Pipeline()
  class Down {
    @((down ? Asset({ partitions: down }) : Asset()) as MethodDecorator) down(@(input as ParameterDecorator) _up: number): number {
      return 0;
    }
  }
  return problemsWith(up, Down);
}

const SEVERAL = `DEFINITION.SEVERAL_PARTITIONS: "down" takes "up" as one value, but each of its partitions needs several partitions of it.
  at Down.down (FILE)
  → Take them with @InputPartitions as Partitions<…>, or name the one by a mapping, e.g. @Input(…, { mapping: lastPartition() }).`;

describe("the scan refuses", () => {
  it("one value of a divided upstream for an asset that is not divided", () => {
    expect(takingOne(daily, undefined)).toBe(
      `DEFINITION.SEVERAL_PARTITIONS: "down" takes "up" as one value, but is not divided and needs several partitions of it.
  at Down.down (FILE)
  → Take them with @InputPartitions as Partitions<…>, or name the one by a mapping, e.g. @Input(…, { mapping: lastPartition() }).`,
    );
    expect(takingOne(daily, undefined, lastPartition())).toBe("no problem");
    expect(takingOne(daily, undefined, specificPartitions(["2025-01-01"]))).toBe("no problem");
    expect(takingOne(single, undefined)).toBe("no problem");
  });

  it.each([
    ["all partitions", daily, daily, allPartitions()],
    ["several that are named", daily, daily, specificPartitions(["2025-01-01", "2025-01-02"])],
    ["windows that are finer", daily, weekly, undefined],
    ["windows that straddle its own", shifted, daily, undefined],
    ["months that a week straddles", monthly, weekly, undefined],
    ["a year's border that one day a year straddles", monthly, shifted, undefined],
    ["a window and the one before", daily, daily, timeWindowMapping({ startOffset: -1 })],
    ["the windows of an hour before, of finer ones", hourly, daily, offset(-1)],
    ["static keys, two of which lead to one", regions, single, staticMapping({ eu: "only", us: "only" })],
    ["all keys of another dimension", dayByRegion, daily, undefined],
    ["a dimension that no mapping names", dayByRegion, dayByRegion, multiMapping({ day: offset(-1) })],
    ["a dimension that maps to several", dayByRegion, dayByRegion, multiMapping({ day: allPartitions(), region: identityMapping() })],
    ["finer windows in a dimension", hourly, dayByRegion, undefined],
  ])("one value where each partition needs several: %s", (_, up, down, mapping) => {
    expect(takingOne(up, down, mapping)).toBe(SEVERAL);
  });

  it.each([
    ["the same windows", daily, daily, undefined],
    ["the window before", daily, daily, offset(-1)],
    ["coarser windows", daily, hourly, undefined],
    ["the last finer window", hourly, daily, latestTimeWindow()],
    ["static keys, each of which leads to another", regions, regions, staticMapping({ eu: "us", us: "eu" })],
    ["a dimension beside one of a single key", dayBySingle, daily, multiToSingle()],
    ["the same key in each dimension", dayByRegion, dayByRegion, multiMapping({ day: offset(-1), region: identityMapping() })],
    ["the day of a day and region", daily, dayByRegion, undefined],
  ])("not one value where each partition needs one: %s", (_, up, down, mapping) => {
    expect(takingOne(up, down, mapping)).toBe("no problem");
  });

  it("the partitions of an upstream that has none", () => {
    @Pipeline()
    class Down {
      @Asset({ partitions: daily }) down(@InputPartitions(ref<number>("up")) _up: Partitions<number>): number {
        return 0;
      }
    }
    expect(problemsWith(undefined, Down)).toBe(
      `DEFINITION.NOT_DIVIDED: "down" takes the partitions of "up", which has none.
  at Down.down (FILE)
  → Take its value with @Input, or give "up" partitions.`,
    );
  });

  it("Partitions of which nothing tells the asset", () => {
    @Pipeline()
    class Down {
      @Asset() down(_up: Partitions<number>): number {
        return 0;
      }
    }
    expect(problemsWith(daily, Down)).toBe(
      `DEFINITION.PARAMETER: Parameter "_up" of Down.down is Partitions, but nothing tells of which asset.
  at Down.down (FILE)
  → Write @InputPartitions(Class, "method") before it.`,
    );
  });

  it("a mapping for an upstream that is not divided", () => {
    @Pipeline()
    class Down {
      @Asset({ partitions: daily, deps: [edge("up", { mapping: offset(-1) })] }) down(): number {
        return 0;
      }
    }
    expect(problemsWith(undefined, Down)).toBe(
      `DEFINITION.PARTITION_MAPPING: "down" names a mapping of the partitions of "up", which has none.
  at Down.down (FILE)
  → Take the mapping out, or give "up" partitions.`,
    );
  });

  it("a mapping that does not fit, once for all that the upstream is taken for", () => {
    expect(takingOne(regions, daily, offset(-1))).toBe(
      `DEFINITION.PARTITION_MAPPING: "down" needs "up", but their partitions do not fit. The partition mapping is of time windows, but joins 2 static keys and windows of "0 0 * * *".
  at Down.down (FILE)
  → Give the dependency another \`mapping\`, or the assets partitions that fit.`,
    );
    expect(takingOne(berlin, daily)).toBe(
      `DEFINITION.PARTITION_MAPPING: "down" needs "up", but their partitions do not fit. The partition mapping that holds when none is given joins windows in Europe/Berlin and in UTC.
  at Down.down (FILE)
  → Give the dependency another \`mapping\`, or the assets partitions that fit.`,
    );
  });

  it("two assets that are divided otherwise, where no mapping is given and none is plain", () => {
    @Pipeline()
    class Down {
      @Asset({ partitions: daily, deps: ["up"] }) down(): number {
        return 0;
      }
      @AssetCheck({ asset: ref(Down, "down"), deps: ["up"] }) good(): AssetCheckResult {
        return new AssetCheckResult({ passed: true });
      }
    }
    expect(problemsWith(regions, Down)).toBe(
      `DEFINITION.PARTITION_MAPPING: "down" needs "up", but their partitions do not fit. The partition mapping that holds when none is given is identity, but 2 static keys and windows of "0 0 * * *" have no keys in common.
  at Down.down (FILE)
  → Give the dependency another \`mapping\`, or the assets partitions that fit.
DEFINITION.PARTITION_MAPPING: "down#good" needs "up", but their partitions do not fit. The partition mapping that holds when none is given is identity, but 2 static keys and windows of "0 0 * * *" have no keys in common.
  at Down.good (FILE)
  → Give the dependency another \`mapping\`, or the assets partitions that fit.`,
    );
  });

  it("one value of several partitions, for a check", () => {
    @Pipeline()
    class Checked {
      @Asset({ partitions: weekly }) week(): number {
        return 0;
      }
      @AssetCheck({ asset: ref(Checked, "week") }) good(
        @Own("week") _week: number,
        @Input(ref<number>("up")) _up: number,
      ): AssetCheckResult {
        return new AssetCheckResult({ passed: true });
      }
    }
    expect(problemsWith(daily, Checked)).toBe(
      `DEFINITION.SEVERAL_PARTITIONS: "week#good" takes "up" as one value, but each of its partitions needs several partitions of it.
  at Checked.good (FILE)
  → Take them with @InputPartitions as Partitions<…>, or name the one by a mapping, e.g. @Input(…, { mapping: lastPartition() }).`,
    );
  });

  it("one upstream by two mappings, as two inputs and as an input and an edge", () => {
    @Pipeline()
    class Down {
      @Asset({ partitions: daily }) inputs(
        @Input(ref<number>("up")) _now: number,
        @Input(ref<number>("up"), { mapping: offset(-1) }) _before: number,
      ): number {
        return 0;
      }
      @Asset({ partitions: daily, deps: [edge("up", { mapping: offset(-2) })] }) both(
        @Input(ref<number>("up"), { mapping: offset(-1) }) _before: number,
      ): number {
        return 0;
      }
      @Asset({ partitions: daily, deps: ["up", edge("up", { when: "always", mapping: offset(-1) })] }) same(
        @Input(ref<number>("up"), { mapping: offset(-1) }) _before: number,
      ): number {
        return 0;
      }
    }
    const problem = (method: string): string =>
      `DEFINITION.TWO_MAPPINGS: "up" is needed here by two mappings of partitions that differ.
  at Down.${method} (FILE)
  → Take it once, by one mapping: @InputPartitions gives several partitions, e.g. with timeWindowMapping({ startOffset: -1 }) this one and the one before.`;
    expect(problemsWith(daily, Down)).toBe(`${problem("inputs")}\n${problem("both")}`);
  });

  it("one function that makes assets which are divided differently", () => {
    const run = () => undefined;
    expect(
      problemsOf({
        assets: [
          defineAssets({
            specs: [
              { key: "a", partitions: daily },
              { key: "b", partitions: dailyPartitions({ start: "2025-01-01" }) },
            ],
            run,
          }),
          defineAssets({
            name: "two",
            specs: [
              { key: "c", partitions: daily },
              { key: "d", partitions: weekly },
            ],
            run,
          }),
          defineAssets({ name: "one", specs: [{ key: "e" }, { key: "f", partitions: weekly }], run }),
        ],
      }),
    ).toBe(
      `DEFINITION.UNIT_PARTITIONS: One function makes "c" and "d", which are divided differently.
  at defineAssets "two" (FILE)
  → Give all specs of one defineAssets the same partitions, or call it once for each of them.
DEFINITION.UNIT_PARTITIONS: One function makes "e" and "f", which are divided differently.
  at defineAssets "one" (FILE)
  → Give all specs of one defineAssets the same partitions, or call it once for each of them.`,
    );
  });

  it("a context of partitions where there are none", () => {
    @Pipeline()
    class Down {
      @(Asset() as MethodDecorator) down(_context: PartitionedAssetContext): number {
        return 0;
      }
    }
    expect(problemsWith(daily, Down)).toBe(
      `DEFINITION.CONTEXT: Parameter "_context" of Down.down is a PartitionedAssetContext, but the asset has no partitions.
  at Down.down (FILE)
  → Take AssetContext, or give the asset partitions.`,
    );
  });
});

describe("an asset that needs itself", () => {
  /** The problems of an asset that takes its own partitions by a mapping. */
  function onItself(partitions: PartitionsDefinition, mapping?: MappingOption): string {
    const own = OwnPartitions("total", mapping ? { mapping } : {});
    @Pipeline()
    class Sums {
      @Asset({ partitions }) total(@(own as ParameterDecorator) _before: Partitions<number>): number {
        return 0;
      }
    }
    return problemsOf({ pipelines: [Sums] });
  }

  it.each([
    ["the window before", daily, offset(-1)],
    ["the six windows before", daily, timeWindowMapping({ startOffset: -6, endOffset: -1 })],
    ["the window after", daily, offset(1)],
    ["static keys that go on and end", regions, staticMapping({ eu: "us" })],
    ["the day before in every region", dayByRegion, multiMapping({ day: offset(-1) })],
  ])("may need other partitions of itself: %s", (_, partitions, mapping) => {
    expect(onItself(partitions, mapping)).toBe("no problem");
  });

  it("is a circle without a mapping", () => {
    expect(onItself(daily)).toBe(
      `DEFINITION.CYCLE: Assets depend on each other in a circle: total → total.
  at Sums.total (FILE)
  → Name its earlier partitions, e.g. \`mapping: offset(-1)\` with \`optional: true\` for the first, or take the dependency away.`,
    );
  });

  it.each([
    ["this window and the one before", daily, timeWindowMapping({ startOffset: -1 })],
    ["the same partition", daily, identityMapping()],
    ["all", daily, allPartitions()],
    ["the last", daily, lastPartition()],
    ["static keys in a circle", regions, staticMapping({ eu: "us", us: "eu" })],
    [
      "another day only by a dimension that is another's",
      multiPartitions({ a: daily, b: daily }),
      multiMapping({ a: { dimension: "b", mapping: offset(-1) } }),
    ],
  ])("may not need the same partition: %s", (_, partitions, mapping) => {
    expect(onItself(partitions, mapping)).toBe(
      `DEFINITION.SELF_DEPENDENCY: "total" needs itself by a mapping that leads a partition to itself.
  at Sums.total (FILE)
  → Map to earlier partitions, e.g. \`mapping: offset(-1)\`, with \`optional: true\` for the first.`,
    );
  });
});
