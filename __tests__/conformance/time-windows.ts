import { rangeOf, TimeSpace } from "millrace/model";
import { definitionOf, iso, spaceOf, type TableDefinition } from "./partitions.js";
import type { Suite } from "./suite.js";
import { compared, refused } from "./verdict.js";

interface Given {
  readonly definition: TableDefinition;
  readonly now: string;
}

interface Expected {
  readonly windows?: readonly { key: string }[];
  readonly hasKey?: readonly [string, boolean][];
  readonly ranges?: readonly { from: string; to: string }[];
  readonly keyAt?: readonly { at: string }[];
}

/** Windows of time that exist at a moment. */
export const timeWindows: Suite = {
  name: "time-windows",
  rules: [],
  judge(test, expect) {
    const { definition, now } = test.given as unknown as Given;
    if (expect.error !== undefined) return refused(() => definitionOf(definition));
    const space = spaceOf(definition, now) as TimeSpace;
    const keys = (from: number, count: number): string[] => Array.from({ length: Math.max(0, count) }, (_, at) => space.keyAt(from + at));
    const shown = Math.min(3, space.size);
    const { windows, hasKey, ranges, keyAt } = expect as Expected;
    return compared(expect, {
      count: space.size,
      first: keys(0, shown),
      last: keys(space.size - shown, shown),
      windows: windows?.map(({ key }) => windowOf(space, key)),
      hasKey: hasKey?.map(([key]) => [key, space.indexOf(key) !== undefined]),
      ranges: ranges?.map(({ from, to }) => rangeAsTable(space, from, to)),
      keyAt: keyAt?.map(({ at }) => ({ at, key: keyAtInstant(space, Date.parse(at)) })),
    });
  },
};

function windowOf(space: TimeSpace, key: string): unknown {
  const index = space.indexOf(key);
  if (index === undefined) return { key };
  const { startMs, endMs } = space.windows.windowAt(index);
  return { key, start: iso(startMs), end: iso(endMs) };
}

function rangeAsTable(space: TimeSpace, from: string, to: string): unknown {
  const set = rangeOf(space, from, to);
  const [first, last] = [set.nextFrom(0), set.last];
  return {
    from,
    to,
    count: set.size,
    first: first === undefined ? null : space.keyAt(first),
    last: last === undefined ? null : space.keyAt(last),
  };
}

function keyAtInstant(space: TimeSpace, instantMs: number): string | null {
  const index = space.windows.indexAt(instantMs);
  return index === undefined ? null : space.keyAt(index);
}
