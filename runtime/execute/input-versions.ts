import type { AssetKey, AssetSpec } from "../../src/model/asset-spec.js";
import type { InputVersion, PartitionPoint } from "../../src/model/event.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import type { ChosenPartitions } from "../../src/planning/run-division.js";
import type { Attempt, UpstreamValue } from "./attempt.js";
import { joinedDataVersion } from "../../src/model/joined-data-version.js";

/** So many partitions of one asset are told one by one. */
export const TOLD_PARTITIONS = 1_000;

type Version = Pick<UpstreamValue, "dataVersion" | "eventId">;

/** What an attempt reads; of a step that may not have to run, what it would read. */
export type VersionReader = Pick<Attempt, "needs" | "upstream" | "upstreamPartition">;

/** The versions of what an attempt reads, for what it gives: the asset, or one partition of it. */
export class InputVersions {
  readonly #reader: VersionReader;
  /** What the attempt itself gave; its events are stored with those of what reads it. */
  readonly #given = new Map<AssetKey, Map<string | undefined, Version>>();
  readonly #last = new Map<AssetKey, { readonly set: IndexSet; readonly versions: readonly InputVersion[] }>();

  constructor(reader: VersionReader) {
    this.#reader = reader;
  }

  remember(key: AssetKey, partition: PartitionPoint | undefined, dataVersion: string | undefined): void {
    let given = this.#given.get(key);
    if (!given) this.#given.set(key, (given = new Map<string | undefined, Version>()));
    given.set(partition?.key, dataVersion === undefined ? {} : { dataVersion });
  }

  of(spec: AssetSpec, partition: PartitionPoint | undefined): InputVersion[] {
    const set = partition && IndexSet.range(partition.index, partition.index + 1);
    return spec.deps.flatMap((dep) => {
      const needed = this.#reader.needs(dep.key, set ? { set } : {});
      if (needed) return this.#ofPartitions(dep.key, needed);
      const given = this.#given.get(dep.key);
      return [versionOf(dep.key, undefined, given ? given.get(undefined) : this.#reader.upstream(dep.key))];
    });
  }

  #ofPartitions(key: AssetKey, { space, set }: ChosenPartitions): readonly InputVersion[] {
    const last = this.#last.get(key);
    if (last?.set === set) return last.versions; // every partition needs the same
    const given = this.#given.get(key);
    const all = [...set].map((index) => {
      const partition = space.keyAt(index);
      return versionOf(key, partition, given?.get(partition) ?? this.#reader.upstreamPartition(key, partition));
    });
    const versions = all.length <= TOLD_PARTITIONS ? all : [{ key, dataVersion: joinedDataVersion(all) }];
    this.#last.set(key, { set, versions });
    return versions;
  }
}

function versionOf(key: AssetKey, partition: string | undefined, version: Version | undefined): InputVersion {
  return {
    key,
    ...(partition === undefined ? {} : { partition }),
    ...(version?.dataVersion === undefined ? {} : { dataVersion: version.dataVersion }),
    ...(version?.eventId === undefined ? {} : { eventId: version.eventId }),
  };
}
