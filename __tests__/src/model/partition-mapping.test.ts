import { checkMapping, defaultMapping, partitionMapper } from "../../../src/model/partition-mapping/map-partitions";
import type { PartitionMapping } from "../../../src/model/partition-mapping/partition-mapping";
import {
  dailyPartitions,
  dynamicPartitions,
  hourlyPartitions,
  monthlyPartitions,
  multiPartitions,
  staticPartitions,
  weeklyPartitions,
} from "../../../src/model/partitions/define-partitions";
import { IndexSet } from "../../../src/model/partitions/index-set";
import { allOf, openPartitions, parsePartitions, type PartitionSpace } from "../../../src/model/partitions/partition-space";
import type { PartitionsDefinition } from "../../../src/model/partitions/partitions-definition";

const asOf = { nowMs: Date.parse("2024-04-01T00:00Z"), dynamicKeys: () => ["x", "y"] };
const day = dailyPartitions({ start: "2024-01-01" });
const hour = hourlyPartitions({ start: "2024-01-01" });
const week = weeklyPartitions({ start: "2024-01-01" });
const letters = staticPartitions(["a", "b", "c"]);

function shown(space: PartitionSpace, set: IndexSet): string[] {
  return [...set].map((index) => space.keyAt(index));
}

function upstream(
  mapping: PartitionMapping | undefined,
  up: PartitionsDefinition,
  down: PartitionsDefinition,
  keys: string,
): { keys: string[]; missing: string[] } {
  const [upSpace, downSpace] = [openPartitions(up, asOf), openPartitions(down, asOf)];
  const needed = partitionMapper(mapping, upSpace, downSpace).upstreamOf(parsePartitions(downSpace, keys));
  const missing = needed.nonexistent.flatMap(({ count, keyAt }) => Array.from({ length: count }, (_, at) => keyAt(at)));
  return { keys: shown(upSpace, needed.partitions), missing };
}

describe("a mapping of windows", () => {
  it("takes every upstream window that overlaps", () => {
    expect(upstream(undefined, hour, day, "2024-01-02").keys).toHaveLength(24);
    expect(upstream(undefined, day, week, "2024-01-07...2024-01-14").keys).toHaveLength(14);
    expect(upstream({ kind: "time-window", startOffset: -1, endOffset: -1 }, day, day, "2024-01-05").keys).toEqual(["2024-01-04"]);
    expect(upstream({ kind: "time-window", startOffset: -1, endOffset: -1 }, day, day, "2024-01-01").keys).toEqual([]);
  });

  it("tells upstream windows that do not exist, unless they need not", () => {
    const late = dailyPartitions({ start: "2024-02-10" });
    const month = monthlyPartitions({ start: "2024-02-01" });
    expect(upstream(undefined, late, month, "2024-02-01").missing).toEqual(Array.from({ length: 9 }, (_, at) => `2024-02-0${at + 1}`));
    expect(upstream({ kind: "time-window", allowNonexistentUpstream: true }, late, month, "2024-02-01")).toMatchObject({ missing: [] });
  });

  it("takes the latest that overlaps", () => {
    const other = dailyPartitions({ start: "2024-01-01" });
    expect(upstream({ kind: "latest-time-window" }, week, other, "2024-01-10").keys).toEqual(["2024-01-07"]);
  });

  it("gives the same by one walk over many runs as window by window", () => {
    const [up, down] = [openPartitions(hour, asOf), openPartitions(day, asOf)];
    for (const mapping of [{}, { startOffset: -2 }, { startOffset: -1, endOffset: 1 }]) {
      const mapper = partitionMapper({ kind: "time-window", allowNonexistentUpstream: true, ...mapping }, up, down);
      const all = allOf(up);
      const odd = IndexSet.ofNumbers(Array.from({ length: down.size }, (_, at) => at).filter((at) => at % 2 === 1));
      const hours = IndexSet.ofNumbers([...all].filter((at) => (at * 7) % 11 < 4));
      const one = (set: IndexSet, map: (each: IndexSet) => IndexSet): string =>
        shown(
          up,
          [...set].map((each) => map(IndexSet.range(each, each + 1))).reduce((sum, each) => sum.union(each), IndexSet.empty()),
        ).join();
      expect(shown(up, mapper.upstreamOf(odd).partitions).join()).toBe(one(odd, (each) => mapper.upstreamOf(each).partitions));
      const needing = [...mapper.downstreamOf(hours)].join();
      expect(needing).toBe(
        [...allOf(down)].filter((each) => mapper.upstreamOf(IndexSet.range(each, each + 1)).partitions.intersection(hours).size > 0).join(),
      );
    }
  });
});

describe("a mapping of dimensions", () => {
  const grid = multiPartitions({ day, letter: letters, zone: staticPartitions(["n", "s"]) });

  it("follows one dimension of three, and takes all keys of the others", () => {
    expect(upstream(undefined, grid, letters, "b").keys.slice(0, 3)).toEqual(["2024-01-01|b|n", "2024-01-01|b|s", "2024-01-02|b|n"]);
    expect(upstream(undefined, day, grid, "2024-01-05|c|s").keys).toEqual(["2024-01-05"]);
  });

  it("maps dimension by dimension", () => {
    const weekly = multiPartitions({ week, letter: letters });
    const mapping: PartitionMapping = {
      kind: "multi",
      dimensions: {
        day: { dimension: "week", mapping: { kind: "time-window" } },
        letter: { dimension: "letter", mapping: { kind: "identity" } },
      },
    };
    const { keys } = upstream(mapping, multiPartitions({ day, letter: letters }), weekly, "b|2024-01-07");
    expect(keys).toEqual(["07", "08", "09", "10", "11", "12", "13"].map((date) => `2024-01-${date}|b`));
  });
});

it("the default follows the definitions", () => {
  const kinds = [
    [day, day],
    [letters, letters],
    [hour, day],
    [null, day],
    [day, null],
    [multiPartitions({ day, letter: letters }), letters],
    [letters, dynamicPartitions("d")],
  ].map(([up, down]) => defaultMapping(up ?? null, down ?? null).kind);
  expect(kinds).toEqual(["time-window", "identity", "time-window", "all", "all", "multi-to-single", "identity"]);
});

it.each<[PartitionMapping, PartitionsDefinition, PartitionsDefinition, string]>([
  [{ kind: "identity" }, letters, day, 'is identity, but 3 static keys and windows of "0 0 * * *" have no keys in common'],
  [{ kind: "identity" }, hour, day, 'is identity, but windows of "0 * * * *" and windows of "0 0 * * *" have no keys in common'],
  [{ kind: "time-window" }, letters, day, 'is of time windows, but joins 3 static keys and windows of "0 0 * * *"'],
  [
    { kind: "time-window" },
    day,
    dailyPartitions({ start: "2024-01-01", timezone: "Europe/Berlin" }),
    "joins windows in UTC and in Europe/Berlin",
  ],
  [{ kind: "time-window", startOffset: 1 }, day, day, "starts after it ends: startOffset is 1, endOffset 0"],
  [{ kind: "static", map: { z: "a" } }, letters, letters, 'names the upstream partition "z", which does not exist'],
  [{ kind: "static", map: { a: ["b", "q"] } }, letters, letters, 'names the downstream partition "q", which does not exist'],
  [{ kind: "multi-to-single" }, letters, day, "needs several dimensions on one side and one on the other"],
  [
    { kind: "multi-to-single", dimension: "nope" },
    multiPartitions({ day, letter: letters }),
    letters,
    'names the dimension "nope"; there are day, letter',
  ],
  [{ kind: "multi", dimensions: {} }, day, day, "is of dimensions, which one of the two does not have"],
])("a mapping that does not fit is refused: %#", (mapping, up, down, what) => {
  expect(() => checkMapping(mapping, up, down)).toThrow(
    `The partition mapping ${what}.\n  → Give the dependency another \`mapping\`, or the assets partitions that fit.`,
  );
});
