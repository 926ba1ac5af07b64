import { ExecutionError } from "../../src/base/errors.js";
import { timeDimension } from "../../src/model/partitions/multi-keys.js";
import { MultiSpace, TimeSpace } from "../../src/model/partitions/partition-space.js";
import type { TimeWindow } from "../../src/model/partitions/time-windows.js";
import type { ChosenPartitions } from "../../src/planning/run-division.js";

/** What a step's context tells of the partitions of an attempt. */
export class PartitionFacts {
  readonly #asset: string;
  readonly #chosen: ChosenPartitions;
  #keys: readonly string[] | undefined;

  constructor(asset: string, chosen: ChosenPartitions) {
    this.#asset = asset;
    this.#chosen = chosen;
  }

  get keys(): readonly string[] {
    this.#keys ??= Object.freeze([...this.#chosen.set].map((index) => this.#chosen.space.keyAt(index)));
    return this.#keys;
  }

  get key(): string {
    return this.#chosen.space.keyAt(this.#only("partitionKey", "Take `partitionKeys`"));
  }

  get range(): { readonly first: string; readonly last: string } {
    const [first, last] = this.#ends("partitionKeyRange");
    return { first: this.#chosen.space.keyAt(first), last: this.#chosen.space.keyAt(last) };
  }

  get timeWindow(): TimeWindow {
    const { space, set } = this.#chosen;
    if (space instanceof TimeSpace) {
      const [first, last] = this.#ends("partitionTimeWindow");
      return { startMs: space.windows.startMs(first), endMs: space.windows.endMs(last) };
    }
    const at = space instanceof MultiSpace ? space.dimensions.findIndex(({ name }) => name === timeDimension(space.definition)) : -1;
    const time = space instanceof MultiSpace ? space.dimensions[at]?.space : undefined;
    if (space instanceof MultiSpace && time instanceof TimeSpace) {
      const indexes = [...set].map((index) => space.indexesAt(index)[at] ?? 0).sort((a, b) => a - b);
      if (indexes.some((each, place) => place > 0 && each - (indexes[place - 1] ?? 0) > 1)) throw this.#apart("partitionTimeWindow");
      return { startMs: time.windows.startMs(indexes[0] ?? 0), endMs: time.windows.endMs(indexes.at(-1) ?? 0) };
    }
    throw new ExecutionError(
      "STEP.NO_TIME_WINDOW",
      `The partitions of "${this.#asset}" are no windows of time, so partitionTimeWindow has no meaning.`,
      {
        fix: "Take `partitionKey`, or divide the asset by time, e.g. with dailyPartitions().",
      },
    );
  }

  get keysByDimension(): Readonly<Record<string, string>> {
    const { space } = this.#chosen;
    if (space instanceof MultiSpace) return space.keysByDimension(this.#only("keysByDimension", "Go through `partitionKeys`"));
    throw new ExecutionError(
      "STEP.NO_DIMENSIONS",
      `The partitions of "${this.#asset}" have no dimensions, so keysByDimension has no meaning.`,
      {
        fix: "Take `partitionKey`, or divide the asset with multiPartitions().",
      },
    );
  }

  #only(name: string, instead: string): number {
    const { set } = this.#chosen;
    const index = set.nextFrom(0);
    if (set.size === 1 && index !== undefined) return index;
    throw new ExecutionError(
      "STEP.SEVERAL_PARTITIONS",
      `This run gives ${set.size} partitions of "${this.#asset}" at once, so ${name} has no meaning.`,
      {
        fix: `${instead}, or run one partition at a time.`,
      },
    );
  }

  #ends(name: string): readonly [first: number, last: number] {
    const [first, ...others] = [...this.#chosen.set.ranges()];
    if (first && others.length === 0) return [first[0], first[1] - 1];
    throw this.#apart(name);
  }

  #apart(name: string): ExecutionError {
    return new ExecutionError(
      "STEP.PARTITIONS_APART",
      `The partitions of "${this.#asset}" that this run gives are not adjacent, so ${name} has no meaning.`,
      {
        fix: "Take `partitionKeys`.",
      },
    );
  }
}
