import {
  cronPartitions,
  dailyPartitions,
  hourlyPartitions,
  monthlyPartitions,
  multiPartitions,
  staticPartitions,
  weeklyPartitions,
} from "../../../src/model/partitions/define-partitions";
import { IndexSet } from "../../../src/model/partitions/index-set";
import { multiPartitionKey, partitionTags } from "../../../src/model/partitions/multi-keys";
import { MultiSpace, openPartitions, parsePartitions, requirePartition } from "../../../src/model/partitions/partition-space";
import { fingerprint, samePartitions } from "../../../src/model/partitions/partitions-definition";
import { TimeWindows } from "../../../src/model/partitions/time-windows";

const at = (text: string): { nowMs: number } => ({ nowMs: Date.parse(text) });
const keys = (definition: Parameters<typeof openPartitions>[0], now: string): string[] => {
  const space = openPartitions(definition, at(now));
  return Array.from({ length: space.size }, (_, index) => space.keyAt(index));
};

describe("windows of time", () => {
  it("exist when they have ended; endOffset adds or withholds", () => {
    expect(keys(dailyPartitions({ start: "2021-05-05" }), "2021-05-07T00:00Z")).toEqual(["2021-05-05", "2021-05-06"]);
    expect(keys(dailyPartitions({ start: "2021-05-05", endOffset: 2 }), "2021-05-07T00:00Z")).toHaveLength(4);
    expect(keys(dailyPartitions({ start: "2021-05-01", endOffset: -2 }), "2021-05-07T00:00Z").at(-1)).toBe("2021-05-04");
    expect(keys(weeklyPartitions({ start: "2021-05-01" }), "2021-05-18T00:00Z")).toEqual(["2021-05-02", "2021-05-09"]);
    expect(keys(monthlyPartitions({ start: "2021-05-01", dayOffset: 12, hourOffset: 3, minuteOffset: 15 }), "2021-07-13T00:00Z")).toEqual([
      "2021-05-12",
      "2021-06-12",
    ]);
  });

  it("tell the second of two equal hours by its offset, and leave a skipped hour out", () => {
    const hours = hourlyPartitions({ start: "2021-11-07", timezone: "US/Central" });
    expect(keys(hours, "2021-11-07T10:00Z")).toEqual([
      "2021-11-07-00:00",
      "2021-11-07-01:00",
      "2021-11-07-01:00-0600",
      "2021-11-07-02:00",
      "2021-11-07-03:00",
    ]);
    expect(keys(hourlyPartitions({ start: "2021-03-14T01:00", timezone: "US/Central" }), "2021-03-14T09:01Z")).toEqual([
      "2021-03-14-01:00",
      "2021-03-14-03:00",
    ]);
  });

  it("find a million hours by number, key and instant in both directions", () => {
    const windows = TimeWindows.of(hourlyPartitions({ start: "1990-01-01", timezone: "America/New_York" }));
    for (const index of [0, 1, 8_759, 123_456, 654_321, 1_000_000]) {
      const { startMs, endMs } = windows.windowAt(index);
      expect(endMs - startMs).toBe(3_600_000);
      expect([windows.indexOf(windows.keyAt(index)), windows.firstFrom(startMs), windows.indexAt(endMs - 1)]).toEqual([
        index,
        index,
        index,
      ]);
    }
  });

  it("are left out where an exclusion falls, and their neighbours keep their width", () => {
    const weekdays = dailyPartitions({ start: "2024-01-01", exclusions: ["0 0 * * 6,0", { at: "2024-01-03" }] });
    expect(keys(weekdays, "2024-01-09T00:00Z")).toEqual(["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-05", "2024-01-08"]);
    const windows = TimeWindows.of(weekdays);
    expect(new Date(windows.endMs(3)).toISOString()).toBe("2024-01-06T00:00:00.000Z");
  });

  it.each([
    [
      () => hourlyPartitions({ start: "2024-01-01", fmt: "%Y-%m-%d" }),
      'The key format "%Y-%m-%d" gives more than one window the key "2024-01-01".\n  → Name more of the window\'s start, e.g. "%Y-%m-%d-%H:%M".',
    ],
    [
      () => dailyPartitions({ start: "2024-01-01", fmt: "%Q" }),
      'The key format "%Q" uses "%Q", which has no meaning here.\n  → Use %Y %y %m %d %j %H %M %S %z or %%.',
    ],
    [
      () => dailyPartitions({ start: "2024-02-30" }),
      '"2024-02-30" is no wall time.\n  → Write "2025-01-31" or "2025-01-31T06:30", in the time zone of the partitions.',
    ],
    [
      () => cronPartitions("0 0 * * *", { start: "2024-01-01", hourOffset: 3 } as never),
      'These partitions have no option "hourOffset".\n  → Options are start, end, timezone, endOffset, fmt, exclusions.',
    ],
    [
      () => dailyPartitions({ start: "2024-01-01", endoffset: 3 } as never),
      'These partitions have no option "endoffset".\n  → Did you mean "endOffset"?',
    ],
  ])("that cannot be meant are refused: %#", (define, message) => {
    expect(define).toThrow(message);
  });
});

describe("keys", () => {
  it.each([
    [[""], "A partition key is empty.\n  → Give it a character at least."],
    [["a", "a"], 'The partition key "a" is given twice.\n  → Give each key once.'],
    [["a...b"], 'The partition key "a...b" holds "...", which stands for a range.\n  → Choose another key.'],
    [["a\nb"], 'The partition key "a\\nb" holds a control character.\n  → Take it out.'],
  ])("that no partition may have are refused: %j", (list, message) => {
    expect(() => staticPartitions(list)).toThrow(message);
  });

  it("that do not exist are told with the nearest", () => {
    const space = openPartitions(dailyPartitions({ start: "2024-01-01" }), at("2024-02-01T00:00Z"));
    expect(() => requirePartition(space, "2024-01-32")).toThrow(
      'There is no partition "2024-01-32".\n  → Did you mean "2024-01-31"? Partitions go from "2024-01-01" to "2024-01-31".',
    );
    expect(() => parsePartitions(space, "2024-01-05...2024-01-02")).toThrow(
      'The range "2024-01-05...2024-01-02" ends before it begins.\n  → Write "2024-01-02...2024-01-05".',
    );
  });

  it("and ranges of them are read from a text", () => {
    const space = openPartitions(dailyPartitions({ start: "2024-01-01" }), at("2024-02-01T00:00Z"));
    expect([...parsePartitions(space, "2024-01-02...2024-01-04, 2024-01-31").ranges()]).toEqual([
      [1, 4],
      [30, 31],
    ]);
  });
});

describe("several dimensions", () => {
  const definition = multiPartitions({
    region: staticPartitions(["eu", "us"]),
    day: dailyPartitions({ start: "2024-01-01" }),
    kind: staticPartitions(["a", "b", "c"]),
  });
  const space = openPartitions(definition, at("2024-01-04T00:00Z")) as MultiSpace;

  it("may be three or more; the last by name counts fastest", () => {
    expect([space.size, space.keyAt(0), space.keyAt(1), space.keyAt(17)]).toEqual([
      18,
      "2024-01-01|a|eu",
      "2024-01-01|a|us",
      "2024-01-03|c|us",
    ]);
    for (let index = 0; index < space.size; index++) expect(space.indexOf(space.keyAt(index))).toBe(index);
  });

  it("are chosen along one of them", () => {
    const chosen = space.product([IndexSet.range(0, 3), IndexSet.range(1, 2), IndexSet.range(0, 2)]);
    expect([...chosen].map((index) => space.keyAt(index))).toEqual([
      "2024-01-01|b|eu",
      "2024-01-01|b|us",
      "2024-01-02|b|eu",
      "2024-01-02|b|us",
      "2024-01-03|b|eu",
      "2024-01-03|b|us",
    ]);
  });

  it("name their keys in any order, and tag a run", () => {
    const parts = { region: "us", kind: "b", day: "2024-01-02" };
    expect(multiPartitionKey(definition, parts)).toBe("2024-01-02|b|us");
    expect(() => multiPartitionKey(definition, { region: "us" })).toThrow(
      'The partition {"region":"us"} does not fit the dimensions day, kind, region.\n  → Give each dimension one key.',
    );
    expect(partitionTags("2024-01-02|b|us", space.keysByDimension(space.indexOf("2024-01-02|b|us") ?? -1))).toEqual({
      "millrace/partition": "2024-01-02|b|us",
      "millrace/partition/day": "2024-01-02",
      "millrace/partition/kind": "b",
      "millrace/partition/region": "us",
    });
  });

  it.each([
    [{}, "Partitions of 0 dimensions are no combinations.\n  → Give two dimensions or more."],
    [
      { a: staticPartitions(["x|y"]), b: staticPartitions(["z"]) },
      'The key "x|y" of dimension "a" holds one of | , [ ], which join the keys of dimensions.\n  → Choose another key.',
    ],
  ])("that cannot be are refused: %#", (dimensions, message) => {
    expect(() => multiPartitions(dimensions)).toThrow(message);
  });
});

it("definitions that divide alike are one, however they were made", () => {
  expect(
    samePartitions(dailyPartitions({ start: "2024-01-01" }), cronPartitions("0 0 * * *", { start: "2024-01-01", timezone: "UTC" })),
  ).toBe(true);
  expect(fingerprint(staticPartitions(["a", "b"]))).not.toBe(fingerprint(staticPartitions(["b", "a"])));
});
