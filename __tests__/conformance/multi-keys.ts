import {
  allOf,
  dimensionNames,
  IndexSet,
  multiPartitionKey,
  partitionTags,
  primaryDimension,
  rangeOf,
  timeDimension,
  TimeSpace,
  type MultiPartitions,
  type MultiSpace,
} from "millrace/model";
import { definitionOf, iso, keySetOf, spaceOf, type TableDefinition } from "./partitions.js";
import type { Suite } from "./suite.js";
import { compared, refused } from "./verdict.js";

interface Expected {
  readonly parse?: readonly [string, unknown][];
  readonly serialize?: readonly [Record<string, string>, string][];
  readonly has?: readonly [string, boolean][];
  readonly filter?: { readonly dimension: string; readonly key: string };
  readonly ranges?: { readonly from: string; readonly to: string };
  readonly timeWindow?: { readonly key: string };
  readonly tags?: { readonly key: string };
}

/** Partitions of several dimensions. */
export const multiKeys: Suite = {
  name: "multi-keys",
  rules: [],
  judge(test, expect) {
    const { dims, now } = test.given as unknown as { dims: Record<string, TableDefinition>; now: string };
    const table: TableDefinition = { type: "multi", dims };
    if (expect.error !== undefined) return refused(() => definitionOf(table));
    const space = spaceOf(table, now) as MultiSpace;
    const definition: MultiPartitions = space.definition;
    const keys = (from: number, count: number): string[] => Array.from({ length: count }, (_, at) => space.keyAt(from + at));
    const shown = Math.min(4, space.size);
    const { parse, serialize, has, filter, ranges, timeWindow, tags } = expect as Expected;
    const parts = (key: string): Record<string, string> => space.keysByDimension(space.indexOf(key) ?? -1);
    return compared(expect, {
      order: dimensionNames(definition),
      count: space.size,
      first: keys(0, shown),
      last: keys(space.size - shown, shown),
      primary: primaryDimension(definition),
      parse: parse?.map(([key]) => [key, parts(key)]),
      serialize: serialize?.map(([given]) => [given, multiPartitionKey(definition, given)]),
      has: has?.map(([key]) => [key, space.indexOf(key) !== undefined]),
      filter: filter && { ...filter, keys: keySetOf(space, filtered(space, filter.dimension, filter.key)) },
      ranges: ranges && { ...ranges, keys: keySetOf(space, rangeOf(space, ranges.from, ranges.to)) },
      tags: tags && { key: tags.key, tags: renamed(partitionTags(tags.key, parts(tags.key))) },
      timeWindow: timeWindow && windowOf(space, timeWindow.key),
    });
  },
};

function filtered(space: MultiSpace, dimension: string, key: string): IndexSet {
  return space.product(space.dimensions.map(({ name, space: each }) => (name === dimension ? rangeOf(each, key, key) : allOf(each))));
}

function windowOf(space: MultiSpace, key: string): unknown {
  const at = space.dimensions.findIndex(({ name }) => name === timeDimension(space.definition));
  const windows = (space.dimensions[at]?.space as TimeSpace).windows;
  const { startMs, endMs } = windows.windowAt(space.indexesAt(space.indexOf(key) ?? -1)[at] ?? -1);
  return { key, start: iso(startMs), end: iso(endMs) };
}

/** The tables have the tags of the other system. */
function renamed(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [name.replace(/^millrace\//, "dagster/"), value]));
}
