import { IndexSet } from "./index-set.js";
import { sameLayout, type PartitionLayout } from "./partition-layout.js";
import { KeySpace } from "./partition-space.js";
import { dimensionNames, samePartitions, type SinglePartitions } from "./partitions-definition.js";
import { TimeWindows, wallTimeMs } from "./time-windows.js";

/** Keys of a dynamic definition after so many deletions, in the order of their numbers. */
export type DynamicKeysAt = (name: string, deletions: number) => readonly string[];

/** One dimension of a layout; of a definition without dimensions the only one. */
interface Axis {
  readonly definition: SinglePartitions;
  readonly deletions: number;
  /** Numbers from here on stand for no partition. */
  readonly limit: number;
  keyAt(index: number): string;
  indexOf(key: string): number | undefined;
}

/** Where a number of one axis is on another. */
type Move = { readonly by: number } | { readonly to: (index: number) => number | undefined };

/**
 * The partitions with the same keys in another layout; those that it has not are left out.
 * @remarks Windows of time with the same ticks and the same form of key are moved all at once; others key by key.
 */
export function translatePartitions(set: IndexSet, from: PartitionLayout, to: PartitionLayout, keysAt: DynamicKeysAt): IndexSet {
  if (sameLayout(from, to) || set.isEmpty) return set;
  const [left, right] = [axesOf(from, keysAt), axesOf(to, keysAt)];
  if (left.length === 1 && right.length === 1 && left[0] && right[0]) return alongOne(set, moveOf(left[0], right[0]), right[0].limit);
  const names = [from, to].map(({ definition }) => (definition.kind === "multi" ? dimensionNames(definition).join("|") : ""));
  if (names[0] !== names[1]) return IndexSet.empty();
  return alongEach(set, left, right);
}

/** The keys of partitions, in the order of their numbers. */
export function partitionKeys(set: IndexSet, layout: PartitionLayout, keysAt: DynamicKeysAt): string[] {
  const axes = axesOf(layout, keysAt);
  return [...set].map((index) => {
    const parts: string[] = [];
    let left = index;
    for (let at = axes.length - 1; at >= 0; at--) {
      const axis = axes[at] as Axis;
      parts.unshift(axis.keyAt(at === 0 ? left : left % axis.limit));
      left = Math.floor(left / axis.limit);
    }
    return parts.join("|");
  });
}

function alongOne(set: IndexSet, move: Move, limit: number): IndexSet {
  if ("to" in move) return IndexSet.ofNumbers(moved(set, move.to));
  const there = set.shifted(move.by);
  return limit === Number.POSITIVE_INFINITY ? there : there.intersection(IndexSet.range(0, limit));
}

function* moved(set: Iterable<number>, to: (index: number) => number | undefined): Generator<number> {
  for (const index of set) {
    const other = to(index);
    if (other !== undefined) yield other;
  }
}

function alongEach(set: IndexSet, from: readonly Axis[], to: readonly Axis[]): IndexSet {
  const axes = from.map((axis, at) => {
    const target = to[at] as Axis;
    return { size: axis.limit, targetSize: target.limit, to: stepwise(moveOf(axis, target), target.limit) };
  });
  return IndexSet.ofNumbers(
    moved(set, (index) => {
      let [left, result, factor] = [index, 0, 1];
      for (let at = axes.length - 1; at >= 0; at--) {
        const axis = axes[at] as (typeof axes)[number];
        const place = axis.to(at === 0 ? left : left % axis.size);
        if (place === undefined) return undefined;
        result += place * factor;
        factor *= axis.targetSize;
        left = Math.floor(left / axis.size);
      }
      return result;
    }),
  );
}

/** Looks up each number once. */
function stepwise(move: Move, limit: number): (index: number) => number | undefined {
  if ("by" in move) return (index) => (index + move.by >= 0 && index + move.by < limit ? index + move.by : undefined);
  const known = new Map<number, number | undefined>();
  return (index) => {
    if (!known.has(index)) known.set(index, move.to(index));
    return known.get(index);
  };
}

function moveOf(from: Axis, to: Axis): Move {
  if (samePartitions(from.definition, to.definition) && from.deletions === to.deletions) return { by: 0 };
  if (from.definition.kind === "time" && to.definition.kind === "time" && alike(from.definition, to.definition)) {
    return { by: TimeWindows.of(to.definition).firstFrom(TimeWindows.of(from.definition).startMs(0)) };
  }
  return {
    to: (index) => {
      const other = index < from.limit ? to.indexOf(from.keyAt(index)) : undefined;
      return other !== undefined && other >= 0 && other < to.limit ? other : undefined;
    },
  };
}

function alike(one: SinglePartitions & { kind: "time" }, other: SinglePartitions & { kind: "time" }): boolean {
  const ticks = ({ cron, timezone, exclusions, fmt }: typeof one): string => JSON.stringify([cron, timezone, exclusions, fmt]);
  return ticks(one) === ticks(other);
}

function axesOf(layout: PartitionLayout, keysAt: DynamicKeysAt): Axis[] {
  const { definition } = layout;
  if (definition.kind !== "multi") return [axisOf(definition, layout, keysAt)];
  return dimensionNames(definition).map((name, at) => {
    const axis = axisOf(definition.dimensions[name] as SinglePartitions, layout, keysAt);
    return at === 0 ? axis : { ...axis, limit: layout.sizes?.[at - 1] ?? 0 };
  });
}

function axisOf(definition: SinglePartitions, layout: PartitionLayout, keysAt: DynamicKeysAt): Axis {
  if (definition.kind === "time") {
    const windows = TimeWindows.of(definition);
    const limit =
      definition.end === undefined
        ? Number.POSITIVE_INFINITY
        : windows.firstEndingAfter(windows.zone.instantOf(wallTimeMs(definition.end)));
    return { definition, deletions: 0, limit, keyAt: (index) => windows.keyAt(index), indexOf: (key) => windows.indexOf(key) };
  }
  const deletions = definition.kind === "dynamic" ? (layout.deletions?.[definition.name] ?? 0) : 0;
  const keys = new KeySpace(definition, definition.kind === "dynamic" ? keysAt(definition.name, deletions) : definition.keys);
  return { definition, deletions, limit: keys.size, keyAt: (index) => keys.keyAt(index), indexOf: (key) => keys.indexOf(key) };
}
