import {
  checkMapping,
  defaultMapping,
  IndexSet,
  openPartitions,
  partitionMapper,
  requirePartition,
  type NonexistentPartitions,
  type PartitionMapping,
  type PartitionsDefinition,
  type PartitionSpace,
} from "millrace/model";
import { definitionOf, dynamicKeysOf, keySetOf, type TableDefinition } from "./partitions.js";
import type { ConformanceCase, Suite, Verdict } from "./suite.js";
import { compared, refused } from "./verdict.js";

interface TableMapping {
  readonly kind: PartitionMapping["kind"];
  readonly dims?: Readonly<Record<string, { readonly dimension: string; readonly mapping: TableMapping }>>;
  readonly [option: string]: unknown;
}

interface Given {
  readonly upstream: TableDefinition | null;
  readonly downstream: TableDefinition | null;
  readonly mapping: TableMapping | null;
  readonly now: string;
  readonly direction: "upstream" | "downstream";
  readonly keys: readonly string[] | null;
}

const SAME_RHYTHM = "Mappings: windows of one rhythm are identical however they were written";
const CROSSED_OFFSETS = "Mappings: a start offset beyond the end offset is refused";
const MISFITTING_DIMENSION = "Mappings: a named dimension that does not fit is refused";

/** Which partitions need which. */
export const mappings: readonly Suite[] = ["mappings-time-window", "mappings-other"].map((name) => ({
  name,
  rules: [SAME_RHYTHM, MISFITTING_DIMENSION, CROSSED_OFFSETS],
  judge,
}));

function judge(test: ConformanceCase, expect: ConformanceCase["expect"]): Verdict {
  const given = test.given as unknown as Given;
  const [up, down] = [definition(given.upstream), definition(given.downstream)];
  const mapping = given.mapping === null ? defaultMapping(up, down) : mappingOf(given.mapping);
  if (expect.error !== undefined) {
    const verdict = refused(() => checkMapping(mapping, up, down));
    return mapping.kind === "identity" && up?.kind === "time" && down?.kind === "time" && !verdict.passed
      ? { passed: true, rule: SAME_RHYTHM }
      : verdict;
  }
  if (mapping.kind === "multi-to-single" && mapping.dimension !== undefined && refused(() => checkMapping(mapping, up, down)).passed) {
    checkMapping({ kind: "multi-to-single" }, up, down); // without the name it fits: only the name is wrong
    return { passed: true, rule: MISFITTING_DIMENSION };
  }
  if (mapping.kind === "time-window" && (mapping.startOffset ?? 0) > (mapping.endOffset ?? 0)) {
    const verdict = refused(() => checkMapping(mapping, up, down));
    return verdict.passed ? { passed: true, rule: CROSSED_OFFSETS } : verdict;
  }
  checkMapping(mapping, up, down);
  const [upSpace, downSpace] = [space(given.upstream, up, given.now), space(given.downstream, down, given.now)];
  const mapper = partitionMapper(mapping, upSpace, downSpace);
  const keys = (of: PartitionSpace | null): IndexSet =>
    of && given.keys ? IndexSet.ofNumbers(given.keys.map((key) => requirePartition(of, key))) : IndexSet.range(0, 1);
  if (given.direction === "downstream") {
    const needing = mapper.downstreamOf(keys(upSpace));
    return compared(expect, { inferred: mapping.kind, keys: downSpace ? keySetOf(downSpace, needing) : needing.size });
  }
  const { partitions, nonexistent } = mapper.upstreamOf(keys(downSpace));
  return compared(expect, {
    inferred: mapping.kind,
    keys: upSpace ? keySetOf(upSpace, partitions) : partitions.size,
    requiredButNonexistent: lostOf(nonexistent, mapping.kind === "time-window"),
    nonexistentDimensionKeys: lostOf(nonexistent, false),
  });
}

function definition(table: TableDefinition | null): PartitionsDefinition | null {
  return table && definitionOf(table);
}

function space(table: TableDefinition | null, of: PartitionsDefinition | null, now: string): PartitionSpace | null {
  return of && openPartitions(of, { nowMs: Date.parse(now), dynamicKeys: dynamicKeysOf(table) });
}

export function mappingOf({ kind, dims, ...options }: TableMapping): PartitionMapping {
  if (kind !== "multi") return { kind, ...options } as PartitionMapping;
  const dimensions = Object.entries(dims ?? {}).map(([name, each]) => [
    name,
    { dimension: each.dimension, mapping: mappingOf(each.mapping) },
  ]);
  return { kind, dimensions: Object.fromEntries(dimensions) };
}

/** As the tables write it: windows in their order, other keys sorted. */
function lostOf(nonexistent: readonly NonexistentPartitions[], windows: boolean): unknown {
  const keys = nonexistent.flatMap(({ count, keyAt }) => Array.from({ length: count }, (_, index) => keyAt(index)));
  if (!windows) keys.sort();
  return keys.length <= 8 ? { count: keys.length, keys } : { count: keys.length, first: keys[0], last: keys.at(-1) };
}
