import { allOf, IndexSet, rangeOf, requirePartition, type PartitionSpace } from "millrace/model";
import { keySetOf, spaceOf, type TableDefinition } from "./partitions.js";
import type { Suite } from "./suite.js";
import { compared } from "./verdict.js";

interface TableSet {
  readonly ranges: readonly [string, string][];
  readonly keys: readonly string[];
}

/** Algebra of sets of partitions. */
export const partitionSets: Suite = {
  name: "partition-sets",
  rules: [],
  judge(test, expect) {
    const given = test.given as unknown as { definition: TableDefinition; now: string; a: TableSet; b: TableSet };
    const space = spaceOf(given.definition, given.now);
    const [a, b] = [setOf(space, given.a), setOf(space, given.b)];
    const stored = IndexSet.decode(a.encodedChunks());
    return compared(expect, {
      total: space.size,
      a: stored.size,
      b: b.size,
      union: keySetOf(space, stored.union(b)),
      intersection: keySetOf(space, stored.intersection(b)),
      aMinusB: keySetOf(space, stored.difference(b)),
      bMinusA: keySetOf(space, b.difference(stored)),
      missing: keySetOf(space, allOf(space).difference(stored)),
    });
  },
};

function setOf(space: PartitionSpace, { ranges, keys }: TableSet): IndexSet {
  const sets = [...ranges.map(([from, to]) => rangeOf(space, from, to)), IndexSet.ofNumbers(keys.map((key) => requirePartition(space, key)))];
  return sets.reduce((all, set) => all.union(set), IndexSet.empty());
}
