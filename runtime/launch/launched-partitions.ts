import { RequestError } from "../../src/base/errors.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import { partitionTags } from "../../src/model/partitions/multi-keys.js";
import {
  MultiSpace,
  parsePartitions,
  requirePartition,
  type PartitionsAsOf,
  type PartitionSpace,
} from "../../src/model/partitions/partition-space.js";
import { dynamicNames } from "../../src/model/partitions/partition-layout.js";
import type { PartitionsDefinition } from "../../src/model/partitions/partitions-definition.js";
import type { ChosenPartitions } from "../../src/planning/run-division.js";
import type { Store } from "../../src/storage/store.js";

/** Which partitions a run is asked for. */
export interface AskedPartitions {
  /** The partition to make of each divided asset; those that are not divided are made once. */
  readonly partitionKey?: string;
  /** Several partitions in one run: a range `"2025-01-01...2025-01-31"`, or keys and ranges with commas. */
  readonly partitions?: string;
}

/** The partitions that are asked for. @throws {@link RequestError} that names the key that does not exist, with the nearest */
export function chosenOf(space: PartitionSpace, { partitionKey, partitions = "" }: AskedPartitions): IndexSet {
  if (partitionKey === undefined) return parsePartitions(space, partitions);
  const index = requirePartition(space, partitionKey);
  return IndexSet.range(index, index + 1);
}

/** The text that names the partitions; `undefined`: none is asked for. */
export function askedText({ partitionKey, partitions }: AskedPartitions): string | undefined {
  if (partitionKey === undefined || partitions === undefined) return partitionKey ?? partitions;
  throw new RequestError("PLAN.PARTITION_TWICE", "The run is asked for one partition and for several.", {
    fix: "Give one of the two: `partitionKey` (--partition) or `partitions` (--partitions).",
  });
}

/** A moment, with the keys that the dynamic definitions among these have now. */
export async function partitionsAsOf(
  store: Store,
  nowMs: number,
  definitions: readonly (PartitionsDefinition | null)[],
): Promise<PartitionsAsOf> {
  const names = [...new Set(definitions.flatMap((definition) => (definition ? dynamicNames(definition) : [])))];
  if (names.length === 0) return { nowMs };
  const known = new Map(await Promise.all(names.map(async (name) => [name, await store.dynamicPartitions(name)] as const)));
  return { nowMs, dynamicKeys: (name) => known.get(name)?.keys ?? [], deletions: (name) => known.get(name)?.deletions ?? 0 };
}

const PARTITION = "millrace/partition";

/** The tags that tell the partitions of a run: one, or the first and the last. */
export function tagsOfPartitions({ space, set }: ChosenPartitions): Record<string, string> {
  const [first, last] = [set.nextFrom(0), set.last];
  if (first === undefined || last === undefined) return {};
  if (first !== last) return { [`${PARTITION}_range_start`]: space.keyAt(first), [`${PARTITION}_range_end`]: space.keyAt(last) };
  return partitionTags(space.keyAt(first), space instanceof MultiSpace ? space.keysByDimension(first) : {});
}

/** Tags of a run without those that tell its partitions. */
export function withoutPartitions(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !name.startsWith(PARTITION)));
}

const PAGE = 1_000;

/** The partitions of each asset that a run materialized. */
export async function givenPartitions(store: Store, runId: string, space: PartitionSpace): Promise<Map<AssetKey, IndexSet>> {
  const indexes = new Map<AssetKey, number[]>();
  for (let afterSeq = 0; ;) {
    const page = await store.events({ runId, afterSeq, limit: PAGE });
    for (const { type, assetKey, partition } of page) {
      if (type !== "ASSET_MATERIALIZATION" || assetKey === undefined || !partition) continue;
      const index = space.indexOf(partition.key);
      const of = indexes.get(assetKey);
      if (index !== undefined && of) of.push(index);
      else if (index !== undefined) indexes.set(assetKey, [index]);
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) break;
    afterSeq = last.seq;
  }
  return new Map([...indexes].map(([key, of]) => [key, IndexSet.ofNumbers(of)]));
}
