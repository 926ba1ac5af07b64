import { MillraceError } from "../../../src/base/errors.js";
import {
  allPartitions,
  identityMapping,
  lastPartition,
  latestTimeWindow,
  multiMapping,
  multiToSingle,
  offset,
  specificPartitions,
  staticMapping,
  timeWindowMapping,
} from "../../../src/model/partition-mapping/define-mappings.js";

function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof MillraceError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

it("makes each kind of mapping, with the defaults written out", () => {
  expect([
    identityMapping(),
    allPartitions(),
    lastPartition(),
    latestTimeWindow(),
    specificPartitions(["a", "b", "a"]),
    staticMapping({ a: "x", b: ["x", "y"] }),
    timeWindowMapping(),
    timeWindowMapping({ startOffset: -6, allowNonexistentUpstream: true }),
    offset(-1),
    multiToSingle(),
    multiToSingle({ dimension: "day" }),
    multiMapping({ day: offset(0), region: { dimension: "area", mapping: multiToSingle({ dimension: "x" }) } }),
  ]).toEqual([
    { kind: "identity" },
    { kind: "all" },
    { kind: "last" },
    { kind: "latest-time-window" },
    { kind: "specific", keys: ["a", "b"] },
    { kind: "static", map: { a: "x", b: ["x", "y"] } },
    { kind: "time-window", startOffset: 0, endOffset: 0, allowNonexistentUpstream: false },
    { kind: "time-window", startOffset: -6, endOffset: 0, allowNonexistentUpstream: true },
    { kind: "time-window", startOffset: -1, endOffset: -1, allowNonexistentUpstream: false },
    { kind: "multi-to-single" },
    { kind: "multi-to-single", dimension: "day" },
    {
      kind: "multi",
      dimensions: {
        day: { dimension: "day", mapping: { kind: "time-window", startOffset: 0, endOffset: 0, allowNonexistentUpstream: false } },
        region: { dimension: "area", mapping: { kind: "multi-to-single", dimension: "x" } },
      },
    },
  ]);
});

it.each([
  [
    () => specificPartitions([]),
    "DEFINITION.MAPPING_OPTION: specificPartitions is given no key.\n  → Name the upstream's partitions that are needed.",
  ],
  [() => offset(0.5), "DEFINITION.MAPPING_OPTION: offset(0.5) is no whole number of windows.\n  → Give a whole number."],
  [
    () => timeWindowMapping({ endOffset: Number.NaN }),
    "DEFINITION.MAPPING_OPTION: endOffset is NaN, not a whole number of windows.\n  → Give a whole number.",
  ],
  [
    () => timeWindowMapping({ endOffset: -1 }),
    "DEFINITION.MAPPING_OPTION: The mapping starts after it ends: startOffset is 0, endOffset -1.\n  → Give a startOffset that is at most endOffset; both are 0 by default.",
  ],
])("refuses options that make no mapping: %s", (make, message) => {
  expect(refusal(make)).toBe(message);
});
