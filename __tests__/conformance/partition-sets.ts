import { allOf, IndexSet, rangeOf, requirePartition, TimeSpace, type PartitionSpace } from "millrace/model";
import { keySetOf, spaceOf, type TableDefinition } from "./partitions.js";
import type { Suite } from "./suite.js";
import { compared } from "./verdict.js";

interface TableSet {
  readonly ranges: readonly [string, string][];
  readonly keys: readonly string[];
}

const ENDED = "Partitions: one exists when its window has ended";

/** Algebra of sets of partitions. */
export const partitionSets: Suite = {
  name: "partition-sets",
  rules: [ENDED],
  judge(test, expect) {
    const given = test.given as unknown as { definition: TableDefinition; now: string; a: TableSet; b: TableSet };
    const space = spaceOf(given.definition, given.now);
    const [a, b] = [setOf(space, given.a), setOf(space, given.b)];
    const stored = IndexSet.decode(a.encodedChunks());
    const missing = keySetOf(space, allOf(space).difference(stored));
    const unended = missingUnended(space, expect.missing);
    const verdict = compared(unended ? { ...expect, missing } : expect, {
      total: space.size,
      a: stored.size,
      b: b.size,
      union: keySetOf(space, stored.union(b)),
      intersection: keySetOf(space, stored.intersection(b)),
      aMinusB: keySetOf(space, stored.difference(b)),
      bMinusA: keySetOf(space, b.difference(stored)),
      missing,
    });
    return unended && verdict.passed ? { passed: true, rule: ENDED } : verdict;
  },
};

/** Whether the table lists as missing what does not exist yet: keys whose window has not ended. */
function missingUnended(space: PartitionSpace, missing: unknown): boolean {
  const { keys = [] } = (missing ?? {}) as { readonly keys?: readonly string[] };
  return space instanceof TimeSpace && keys.some((key) => (space.windows.indexOf(key) ?? -1) >= space.size);
}

function setOf(space: PartitionSpace, { ranges, keys }: TableSet): IndexSet {
  const sets = [
    ...ranges.map(([from, to]) => rangeOf(space, from, to)),
    IndexSet.ofNumbers(keys.map((key) => requirePartition(space, key))),
  ];
  return sets.reduce((all, set) => all.union(set), IndexSet.empty());
}
