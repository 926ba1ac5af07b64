import {
  Asset,
  CustomMapping,
  Definitions,
  InputPartitions,
  type MappedSpaces,
  type MappingOption,
  OwnPartitions,
  Partitions,
  Pipeline,
  dailyPartitions,
  externalAsset,
  multiMapping,
  multiPartitions,
  ref,
  staticPartitions,
} from "../../../runtime/entries/index.js";
import { bindMapping } from "../../../src/model/partition-mapping/bound-mapping.js";
import { partitionMapper } from "../../../src/model/partition-mapping/map-partitions.js";
import { parsePartitions, openPartitions } from "../../../src/model/partitions/partition-space.js";
import { resolveDefinitions } from "../../../runtime/scan/resolve-definitions.js";
import { tryMappings } from "../../../runtime/scan/try-mappings.js";

const daily = dailyPartitions({ start: "2025-01-01" });
const businessDaily = dailyPartitions({ start: "2025-01-01", exclusions: ["0 0 * * 0,6"] });
const nowMs = Date.UTC(2025, 5, 1);
const DAY_MS = 86_400_000;

const keyOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const msOf = (key: string): number => Date.parse(`${key}T00:00:00Z`);
const isFree = (ms: number): boolean => [0, 6].includes(new Date(ms).getUTCDay());

/** A business day takes itself and the free days before it. */
class BusinessCalendar extends CustomMapping {
  upstreamOf(key: string): string[] {
    const keys = [key];
    for (let ms = msOf(key) - DAY_MS; isFree(ms); ms -= DAY_MS) keys.push(keyOf(ms));
    return keys;
  }
  downstreamOf(key: string): string[] {
    let ms = msOf(key);
    while (isFree(ms)) ms += DAY_MS;
    return [keyOf(ms)];
  }
}

/** Forgets Saturdays on the way down. */
class Forgetful extends BusinessCalendar {
  override downstreamOf(key: string): string[] {
    return new Date(msOf(key)).getUTCDay() === 6 ? [] : super.downstreamOf(key);
  }
}
/** The same, and says so. */
class Wide extends Forgetful {
  override readonly inverse = false;
}
class Throws extends CustomMapping {
  upstreamOf(): string[] {
    throw new RangeError("no calendar");
  }
  downstreamOf(): string[] {
    return [];
  }
}
class DayBefore extends CustomMapping {
  constructor(private readonly days = 1) {
    super();
  }
  upstreamOf(key: string, { upstream }: MappedSpaces): string[] {
    const index = (upstream.indexOf(key) ?? 0) - this.days;
    return index < 0 ? [] : [upstream.keyAt(index)];
  }
  downstreamOf(key: string, { upstream, downstream }: MappedSpaces): string[] {
    const index = (upstream.indexOf(key) ?? 0) + this.days;
    return index >= downstream.size ? [] : [downstream.keyAt(index)];
  }
}

function resolvedWith(mapping: MappingOption): ReturnType<typeof resolveDefinitions> {
  @Pipeline()
  class Sales {
    @Asset({ partitions: businessDaily }) revenue(@InputPartitions(ref<number>("orders"), { mapping }) _days: Partitions<number>): number {
      return 0;
    }
  }
  return resolveDefinitions(new Definitions({ pipelines: [Sales], assets: [externalAsset({ key: "orders", partitions: daily })] }));
}

const tried = (mapping: MappingOption, seed = 1) => {
  const { tried, problems } = tryMappings(resolvedWith(mapping), { seed, nowMs });
  return {
    tried,
    problems: problems.map(({ code, message, site, fix }) => `${code}: ${message}\n  at ${site?.replace(/ \(.*/, "")}\n  → ${fix}`),
  };
};

it("tries a business calendar on 1,000 pairs of partitions and finds it right, whatever the seed", () => {
  for (const seed of [0, 1, 42, 2 ** 31])
    expect(tried(new BusinessCalendar(), seed)).toEqual({
      tried: [{ id: "BusinessCalendar", upstream: "orders", downstream: "revenue", pairs: 1_000 }],
      problems: [],
    });
});

it("maps sets by an author's own mapping, and tells the partitions that do not exist", () => {
  const { catalog, bindings } = resolvedWith(new BusinessCalendar());
  const mapping = catalog.assets.find(({ key }) => key === "revenue")?.deps[0]?.mapping;
  const [up, down] = [openPartitions(dailyPartitions({ start: "2025-01-05" }), { nowMs }), openPartitions(businessDaily, { nowMs })];
  const mapper = partitionMapper(mapping && bindMapping(mapping, bindings.mappings), up, down);
  const needed = mapper.upstreamOf(parsePartitions(down, "2025-01-06...2025-01-07"));
  expect([...needed.partitions].map((index) => up.keyAt(index))).toEqual(["2025-01-05", "2025-01-06", "2025-01-07"]);
  expect(needed.nonexistent.map((each) => [each.count, each.keyAt(0)])).toEqual([[1, "2025-01-04"]]);
  const needing = mapper.downstreamOf(parsePartitions(up, "2025-01-11...2025-01-14"));
  expect([...needing].map((index) => down.keyAt(index))).toEqual(["2025-01-13", "2025-01-14"]);
});

it("finds a mapping whose methods tell different things, and the same pair for the same seed", () => {
  const { problems } = tried(new Forgetful(), 7);
  expect(problems).toEqual([
    expect.stringMatching(
      /^DEFINITION\.CUSTOM_MAPPING: The methods of Forgetful, from "orders" to "revenue", tell different things: upstreamOf\("[-\d]+"\) names "[-\d]+", but downstreamOf\("[-\d]+"\) does not name "[-\d]+"\.\n {2}at Sales\.revenue\n {2}→ Correct the method that is wrong; `millrace check --seed 7` tries the same pairs again\.$/,
    ),
  ]);
  expect(tried(new Forgetful(), 7).problems).toEqual(problems);
  expect(tried(new Forgetful(), 8).problems).not.toEqual(problems);
});

it("does not try what claims no inverse", () => {
  expect(tried(new Wide())).toEqual({ tried: [{ id: "Wide", upstream: "orders", downstream: "revenue", pairs: 0 }], problems: [] });
});

it("tells what a mapping throws", () => {
  expect(tried(new Throws()).problems).toEqual([
    'DEFINITION.CUSTOM_MAPPING: Throws, from "orders" to "revenue": Throws.upstreamOf("2025-03-25") throws: no calendar\n  at Sales.revenue\n  → Correct the method that is wrong; `millrace check --seed 1` tries the same pairs again.',
  ]);
});

it("tries the mapping of a dimension", () => {
  const regions = staticPartitions(["eu", "us"]);
  const definitions = new Definitions({
    assets: [externalAsset({ key: "orders", partitions: multiPartitions({ day: daily, region: regions }) })],
    pipelines: [
      (() => {
        @Pipeline()
        class Sales {
          @Asset({ partitions: multiPartitions({ day: businessDaily, region: regions }) }) revenue(
            @InputPartitions(ref<number>("orders"), { mapping: multiMapping({ day: new BusinessCalendar() }) }) _days: Partitions<number>,
          ): number {
            return 0;
          }
        }
        return Sales;
      })(),
    ],
  });
  expect(tryMappings(resolveDefinitions(definitions), { seed: 3, nowMs })).toEqual({
    tried: [{ id: "BusinessCalendar", upstream: "orders", downstream: "revenue", pairs: 1_000 }],
    problems: [],
  });
});

it("finds an asset that needs a partition of itself to make that partition", () => {
  const onItself = (mapping: MappingOption) => {
    @Pipeline()
    class Sums {
      @Asset({ partitions: daily }) total(@OwnPartitions("total", { mapping }) _before: Partitions<number>): number {
        return 0;
      }
    }
    return tryMappings(resolveDefinitions(new Definitions({ pipelines: [Sums] })), { seed: 1, nowMs }).problems.map(
      ({ message }) => message,
    );
  };
  expect(onItself(new DayBefore())).toEqual([]);
  expect(onItself(new DayBefore(0))).toEqual([expect.stringMatching(/^By DayBefore, "total" needs itself for "([-\d]+)" to make "\1"\.$/)]);
});
