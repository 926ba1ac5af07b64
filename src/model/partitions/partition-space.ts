import { RequestError } from "../../base/errors.js";
import { nearest } from "../../base/did-you-mean.js";
import { IndexSet } from "./index-set.js";
import {
  dimensionNames,
  type DynamicPartitions,
  type MultiPartitions,
  type PartitionsDefinition,
  type SinglePartitions,
  type StaticPartitions,
  type TimePartitions,
} from "./partitions-definition.js";
import { TimeWindows } from "./time-windows.js";

/** What a definition alone does not tell. */
export interface PartitionsAsOf {
  readonly nowMs: number;
  /** Keys of a dynamic definition in the order in which they were added. Default: none. */
  readonly dynamicKeys?: (name: string) => readonly string[];
  /** How often keys had been deleted from a dynamic definition when these keys were read: it tells which key a number stands for. Default: never. */
  readonly deletions?: (name: string) => number;
}

/** The partitions of one definition that exist at one moment, numbered from 0 in the order of the definition. */
export interface PartitionSpace {
  readonly definition: PartitionsDefinition;
  readonly size: number;
  keyAt(index: number): string;
  /** `undefined`: no partition that exists has this key. */
  indexOf(key: string): number | undefined;
}

/** Partitions that are windows of time. */
export class TimeSpace implements PartitionSpace {
  readonly definition: TimePartitions;
  readonly windows: TimeWindows;
  readonly size: number;

  constructor(definition: TimePartitions, asOf: PartitionsAsOf) {
    this.definition = definition;
    this.windows = TimeWindows.of(definition);
    this.size = this.windows.countAt(asOf.nowMs);
  }

  keyAt(index: number): string {
    return this.windows.keyAt(index);
  }

  indexOf(key: string): number | undefined {
    const index = this.windows.indexOf(key);
    return index !== undefined && index >= 0 && index < this.size ? index : undefined;
  }
}

/** Partitions that are keys of a list. */
export class KeySpace implements PartitionSpace {
  readonly definition: StaticPartitions | DynamicPartitions;
  /** How often keys had been deleted before. */
  readonly deletions: number;
  readonly #keys: readonly string[];
  #indexes: ReadonlyMap<string, number> | undefined;

  constructor(definition: StaticPartitions | DynamicPartitions, keys: readonly string[], deletions = 0) {
    this.definition = definition;
    this.deletions = deletions;
    this.#keys = keys;
  }

  get size(): number {
    return this.#keys.length;
  }

  keyAt(index: number): string {
    return this.#keys[index] ?? "";
  }

  indexOf(key: string): number | undefined {
    this.#indexes ??= new Map(this.#keys.map((each, index) => [each, index]));
    return this.#indexes.get(key);
  }
}

/** Partitions that are combinations of keys; the last dimension counts fastest. */
export class MultiSpace implements PartitionSpace {
  readonly definition: MultiPartitions;
  readonly dimensions: readonly { readonly name: string; readonly space: SingleSpace }[];
  readonly size: number;

  constructor(definition: MultiPartitions, asOf: PartitionsAsOf) {
    this.definition = definition;
    this.dimensions = dimensionNames(definition).map((name) => ({
      name,
      space: openSingle(definition.dimensions[name] as SinglePartitions, asOf),
    }));
    this.size = this.dimensions.reduce((product, { space }) => product * space.size, 1);
  }

  keyAt(index: number): string {
    return this.indexesAt(index)
      .map((each, at) => this.dimensions[at]?.space.keyAt(each) ?? "")
      .join("|");
  }

  indexOf(key: string): number | undefined {
    const parts = key.split("|");
    if (parts.length !== this.dimensions.length) return undefined;
    return this.indexOfParts(parts.map((part, at) => this.dimensions[at]?.space.indexOf(part)));
  }

  /** The key of a partition for each dimension. */
  keysByDimension(index: number): Record<string, string> {
    const indexes = this.indexesAt(index);
    return Object.fromEntries(this.dimensions.map(({ name, space }, at) => [name, space.keyAt(indexes[at] ?? 0)]));
  }

  /** The index within each dimension. */
  indexesAt(index: number): number[] {
    const indexes: number[] = [];
    let left = index;
    for (const { space } of [...this.dimensions].reverse()) {
      indexes.unshift(left % space.size);
      left = Math.floor(left / space.size);
    }
    return indexes;
  }

  indexOfParts(indexes: readonly (number | undefined)[]): number | undefined {
    let index = 0;
    for (const [at, { space }] of this.dimensions.entries()) {
      const each = indexes[at];
      if (each === undefined) return undefined;
      index = index * space.size + each;
    }
    return index;
  }

  /** All partitions whose index in each dimension is in that dimension's set. */
  product(sets: readonly IndexSet[]): IndexSet {
    let ranges: [number, number][] = [[0, 1]];
    for (const [at, { space }] of this.dimensions.entries()) {
      const set = sets[at] ?? IndexSet.empty();
      const inner = [...set.ranges()];
      if (inner.length === 1 && inner[0]?.[0] === 0 && inner[0][1] === space.size) {
        ranges = ranges.map(([from, to]) => [from * space.size, to * space.size]);
        continue;
      }
      const next: [number, number][] = [];
      for (const [from, to] of ranges) {
        for (let outer = from; outer < to; outer++)
          for (const [low, high] of inner) next.push([outer * space.size + low, outer * space.size + high]);
      }
      ranges = next;
    }
    return IndexSet.of(ranges);
  }
}

/** The partitions of one dimension. */
export type SingleSpace = TimeSpace | KeySpace;

/** The partitions of a definition that exist. */
export function openPartitions(definition: PartitionsDefinition, asOf: PartitionsAsOf): TimeSpace | KeySpace | MultiSpace {
  return definition.kind === "multi" ? new MultiSpace(definition, asOf) : openSingle(definition, asOf);
}

function openSingle(definition: SinglePartitions, asOf: PartitionsAsOf): SingleSpace {
  switch (definition.kind) {
    case "time":
      return new TimeSpace(definition, asOf);
    case "static":
      return new KeySpace(definition, definition.keys);
    case "dynamic":
      return new KeySpace(definition, asOf.dynamicKeys?.(definition.name) ?? [], asOf.deletions?.(definition.name));
  }
}

/** All partitions. */
export function allOf(space: PartitionSpace): IndexSet {
  return IndexSet.range(0, space.size);
}

/**
 * The number of the partition with this key.
 * @throws {@link RequestError} `REQUEST.UNKNOWN_PARTITION` with the nearest keys
 */
export function requirePartition(space: PartitionSpace, key: string): number {
  const index = space.indexOf(key);
  if (index !== undefined) return index;
  throw new RequestError("REQUEST.UNKNOWN_PARTITION", `There is no partition "${key}".`, { fix: nearestKeys(space, key) });
}

/**
 * The partitions of a text: one key, `first...last`, or several of these with commas between. In several dimensions the range holds per dimension.
 * @throws {@link RequestError} naming the key that does not exist, or a range that is the wrong way round
 */
export function parsePartitions(space: PartitionSpace, text: string): IndexSet {
  let all = IndexSet.empty();
  for (const part of space.indexOf(text) === undefined ? text.split(",").map((each) => each.trim()) : [text]) {
    const [from, to, more] = part.split("...");
    if (from === undefined || more !== undefined) throw malformedRange(part);
    if (to === undefined && isWithTwoDots(space, part)) throw malformedRange(part, part.replace("..", "..."));
    all = all.union(rangeOf(space, from, to ?? from));
  }
  return all;
}

/** The partitions from one key to another, both included. */
export function rangeOf(space: PartitionSpace, from: string, to: string): IndexSet {
  const [first, last] = [requirePartition(space, from), requirePartition(space, to)];
  if (space instanceof MultiSpace) {
    const [low, high] = [space.indexesAt(first), space.indexesAt(last)];
    return space.product(space.dimensions.map((_, at) => IndexSet.range(low[at] ?? 0, (high[at] ?? -1) + 1)));
  }
  if (last < first) {
    throw new RequestError("REQUEST.PARTITION_RANGE", `The range "${from}...${to}" ends before it begins.`, {
      fix: `Write "${to}...${from}".`,
    });
  }
  return IndexSet.range(first, last + 1);
}

function malformedRange(text: string, meant = "first...last"): RequestError {
  return new RequestError("REQUEST.PARTITION_RANGE", `"${text}" is no range of partitions.`, {
    fix: `Write "${meant}", both included.`,
  });
}

/** A slip of the hand, where the text is no key itself. */
function isWithTwoDots(space: PartitionSpace, text: string): boolean {
  const ends = text.split("..");
  return ends.length === 2 && space.indexOf(text) === undefined && ends.every((key) => space.indexOf(key) !== undefined);
}

const SEARCHED_KEYS = 2_000;

function nearestKeys(space: PartitionSpace, key: string): string {
  if (space.size === 0) return "No partition exists yet.";
  const first = space.keyAt(0);
  const last = space.keyAt(space.size - 1);
  const keys = Array.from({ length: Math.min(space.size, SEARCHED_KEYS) }, (_, at) => space.keyAt(space.size - 1 - at));
  const near = nearest(key, keys);
  const all = first === last ? `The only partition is "${first}".` : `Partitions go from "${first}" to "${last}".`;
  return near === undefined ? all : `Did you mean "${near}"? ${all}`;
}
