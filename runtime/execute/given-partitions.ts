import { ExecutionError } from "../../src/base/errors.js";
import { nearest } from "../../src/base/did-you-mean.js";
import { unitText, type UnitSpec } from "../../src/model/asset-spec.js";
import type { PartitionPoint } from "../../src/model/event.js";
import { isPartitionValues, type PartitionEntries } from "../../src/model/partition-values.js";
import type { ChosenPartitions } from "../../src/planning/run-division.js";
import { givenFor, type Given } from "./given-outputs.js";
import { isAsyncIterable } from "../../src/io/rows/row-codec.js";
import { callUserCode, type Boundary } from "./user-code-boundary.js";

/** Whose partitions are given, and under which limits. */
export interface PartitionedGift {
  readonly asset: string;
  /** The computation that gives. */
  readonly unit: UnitSpec;
  readonly chosen: ChosenPartitions;
  /** Partitions may be left out. */
  readonly skippable: boolean;
  readonly boundary: Boundary;
}

/** What a method gave, for each partition of its attempt, as soon as it gives it. What it gave for the whole holds for each. */
export async function* givenByPartition(given: Given, gift: PartitionedGift): AsyncGenerator<readonly [PartitionPoint, Given]> {
  const { space, set } = gift.chosen;
  if (isPartitionValues(given.value)) return yield* listed(given, given.value.entries, gift);
  if (given.hasValue && set.size > 1) throw bareValue(gift);
  for (const index of set) yield [{ key: space.keyAt(index), index }, given];
}

async function* listed(
  given: Given,
  entries: PartitionEntries<unknown>,
  gift: PartitionedGift,
): AsyncGenerator<readonly [PartitionPoint, Given]> {
  const { chosen, boundary } = gift;
  const seen = new Set<number>();
  const iterator = isAsyncIterable(entries) ? entries[Symbol.asyncIterator]() : entries[Symbol.iterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await callUserCode(boundary, () => iterator.next());
      if (next.done) {
        ended = true;
        break;
      }
      const [key, value] = next.value as readonly [string, unknown];
      const index = chosen.space.indexOf(key);
      if (index === undefined || !chosen.set.has(index)) throw notWanted(key, gift);
      if (seen.has(index)) throw givenTwice(key, gift);
      seen.add(index);
      yield [{ key, index }, joined(given, givenFor(given.out, value, gift.unit))];
    }
  } finally {
    if (!ended) await callUserCode(boundary, () => iterator.return?.()).catch(() => undefined); // its `finally` runs; the first error counts
  }
  if (seen.size < chosen.set.size && !gift.skippable) throw leftOut(seen, gift);
}

/** What was given for one partition, with what was given beside it for all. */
function joined(all: Given, one: Given): Given {
  const dataVersion = one.dataVersion ?? all.dataVersion;
  return {
    out: one.out,
    value: one.value,
    hasValue: one.hasValue,
    metadata: { ...all.metadata, ...one.metadata },
    ...(dataVersion === undefined ? {} : { dataVersion }),
    checks: one.checks,
  };
}

function bareValue({ unit, asset, chosen }: PartitionedGift): ExecutionError {
  return new ExecutionError("STEP.BARE_VALUE", `${unitText(unit)} gave one value for ${chosen.set.size} partitions of "${asset}".`, {
    fix: "Return byPartition(map) with the value of each of `context.partitionKeys`, or run one partition at a time.",
  });
}

function notWanted(key: string, { unit, asset, chosen }: PartitionedGift): ExecutionError {
  const keys: string[] = [];
  for (const index of chosen.set) if (keys.push(chosen.space.keyAt(index)) >= SEARCHED) break;
  const near = nearest(String(key), keys);
  return new ExecutionError(
    "STEP.PARTITION_NOT_WANTED",
    `${unitText(unit)} gave partition "${String(key)}" of "${asset}", which is none of this run.`,
    {
      fix:
        near === undefined ? "Give those of `context.partitionKeys`." : `Did you mean "${near}"? Give those of \`context.partitionKeys\`.`,
    },
  );
}

function givenTwice(key: string, { unit, asset }: PartitionedGift): ExecutionError {
  return new ExecutionError("STEP.PARTITION_TWICE", `${unitText(unit)} gave partition "${key}" of "${asset}" twice.`, {
    fix: "Give each partition once.",
  });
}

function leftOut(seen: ReadonlySet<number>, { unit, asset, chosen }: PartitionedGift): ExecutionError {
  const left = chosen.set.size - seen.size;
  const keys: string[] = [];
  for (const index of chosen.set) {
    if (seen.has(index)) continue;
    if (keys.push(`"${chosen.space.keyAt(index)}"`) >= NAMED) break;
  }
  return new ExecutionError(
    "STEP.PARTITION_LEFT_OUT",
    `${unitText(unit)} ended without giving ${left} of the ${chosen.set.size} partitions of "${asset}": ${keys.join(", ")}${left > NAMED ? ", …" : ""}.`,
    { fix: "Give each of `context.partitionKeys`, or mark the out `skippable: true`." },
  );
}

const SEARCHED = 2_000;
const NAMED = 5;
