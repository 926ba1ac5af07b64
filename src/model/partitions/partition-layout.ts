import type { IndexSet } from "./index-set.js";
import { KeySpace, MultiSpace, type PartitionSpace } from "./partition-space.js";
import { dimensionNames, fingerprint, type PartitionsDefinition } from "./partitions-definition.js";

/**
 * Which partition a number stands for. Plain data: it is stored beside every stored set, so that sets outlive changes of the definition.
 * Partitions that come into being at the end leave it as it is.
 */
export interface PartitionLayout {
  readonly definition: PartitionsDefinition;
  /** Of several dimensions: how many partitions each but the first has, in the order of {@link dimensionNames}. */
  readonly sizes?: readonly number[];
  /** By name of a dynamic definition: how often keys had been deleted from it. Absent: never. */
  readonly deletions?: Readonly<Record<string, number>>;
}

/** Partitions by number, and how to read the numbers. */
export interface PartitionSet {
  readonly layout: PartitionLayout;
  readonly indexes: IndexSet;
}

/** How the partitions of a space are numbered. */
export function layoutOf(space: PartitionSpace): PartitionLayout {
  const { definition } = space;
  const axes = space instanceof MultiSpace ? space.dimensions.map((dimension) => dimension.space) : [space];
  const deletions = axes.flatMap((axis) =>
    axis instanceof KeySpace && axis.definition.kind === "dynamic" && axis.deletions > 0
      ? [[axis.definition.name, axis.deletions] as const]
      : [],
  );
  return {
    definition,
    ...(space instanceof MultiSpace ? { sizes: axes.slice(1).map(({ size }) => size) } : {}),
    ...(deletions.length > 0 ? { deletions: Object.fromEntries(deletions) } : {}),
  };
}

const texts = new WeakMap<PartitionLayout, string>();

/** A text that is equal for layouts in which every number stands for the same partition. */
export function layoutText(layout: PartitionLayout): string {
  let text = texts.get(layout);
  if (text === undefined) {
    const deletions = Object.entries(layout.deletions ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    text = JSON.stringify([fingerprint(layout.definition), layout.sizes ?? [], deletions]);
    texts.set(layout, text);
  }
  return text;
}

/** Whether each number stands for the same partition in both. */
export function sameLayout(one: PartitionLayout, other: PartitionLayout): boolean {
  return one === other || layoutText(one) === layoutText(other);
}

/** Names of the dynamic definitions that a definition is made of. */
export function dynamicNames(definition: PartitionsDefinition): string[] {
  if (definition.kind === "dynamic") return [definition.name];
  if (definition.kind !== "multi") return [];
  return dimensionNames(definition).flatMap((name) => {
    const dimension = definition.dimensions[name];
    return dimension?.kind === "dynamic" ? [dimension.name] : [];
  });
}
