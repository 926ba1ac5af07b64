import type { DependencySpec } from "../../../../src/model/asset-spec.js";
import type { InputVersion } from "../../../../src/model/event.js";
import { joinedDataVersion } from "../../../../src/model/joined-data-version.js";
import { bindMapping } from "../../../../src/model/partition-mapping/bound-mapping.js";
import { partitionMapper } from "../../../../src/model/partition-mapping/map-partitions.js";
import { dailyPartitions, staticPartitions, weeklyPartitions } from "../../../../src/model/partitions/define-partitions.js";
import { IndexSet } from "../../../../src/model/partitions/index-set.js";
import { openPartitions, type PartitionSpace } from "../../../../src/model/partitions/partition-space.js";
import type { PartitionsDefinition } from "../../../../src/model/partitions/partitions-definition.js";
import type { RecordedVersions, StalenessAsset } from "../../../../src/planning/staleness/staleness.js";
import { StalenessIndex } from "../../../../src/planning/staleness/staleness-index.js";

const nowMs = Date.UTC(2024, 0, 22); // three weeks of days have ended
const DAYS = dailyPartitions({ start: "2024-01-01" });
const WEEKS = weeklyPartitions({ start: "2024-01-01", dayOffset: 1 });

type Dep = string | Partial<DependencySpec>;

function divided(key: string, partitions: PartitionsDefinition | null, deps: readonly Dep[] = [], codeVersion = "1"): StalenessAsset {
  const specs = deps.map((dep) => (typeof dep === "string" ? { key: dep } : dep));
  return { key, unit: key, codeVersion, partitions, deps: specs.map((dep) => ({ key: "", kind: "load", when: "success", ...dep })) };
}

/** Assets, and what each of their partitions recorded, as runs would record it. */
class Partitioned {
  readonly assets = new Map<string, StalenessAsset>();
  readonly records = new Map<string, Map<number, RecordedVersions>>();

  define(...assets: readonly StalenessAsset[]): this {
    for (const each of assets) this.assets.set(each.key, each);
    return this;
  }

  space(key: string): PartitionSpace | null {
    const definition = this.assets.get(key)?.partitions;
    return definition ? openPartitions(definition, { nowMs }) : null;
  }

  /** Makes each partition of these (default: all) in their order. */
  make(key: string, { only, version = "1", joined = false }: { only?: readonly number[]; version?: string; joined?: boolean } = {}): this {
    const { codeVersion, deps } = this.assets.get(key) as StalenessAsset;
    const space = this.space(key);
    const records = this.#of(key);
    for (const index of only ?? [...IndexSet.range(0, space?.size ?? 1)]) {
      const inputs = deps.flatMap((dep): InputVersion[] => {
        const up = this.space(dep.key);
        const versionAt = (at: number) => {
          const dataVersion = this.#of(dep.key).get(at)?.dataVersion;
          return dataVersion === undefined ? {} : { dataVersion };
        };
        if (!up) return [{ key: dep.key, ...versionAt(0) }];
        const needed = partitionMapper(dep.mapping && bindMapping(dep.mapping, new Map()), up, space).upstreamOf(
          IndexSet.range(index, index + 1),
        );
        const read = Array.from(needed.partitions, (at) => ({ key: dep.key, partition: up.keyAt(at), ...versionAt(at) }));
        return joined ? [{ key: dep.key, dataVersion: joinedDataVersion(read) }] : read;
      });
      records.set(index, { dataVersion: `${key}${index}@${version}`, ...(codeVersion === undefined ? {} : { codeVersion }), inputs });
    }
    return this;
  }

  wipe(key: string, index: number): this {
    this.#of(key).delete(index);
    return this;
  }

  index(): StalenessIndex {
    return new StalenessIndex([...this.assets.values()], (key) => this.#of(key).get(0), {
      asOf: { nowMs },
      recordsOf: (key) => this.#of(key),
    });
  }

  recorded(key: string, index: number): RecordedVersions | undefined {
    return this.#of(key).get(index);
  }

  /** `key: [stale partitions, missing partitions]` of all that is not fresh. */
  notFresh(index = this.index()): Record<string, [number[], number[]]> {
    const all = [...this.assets.keys()].map((key): [string, [number[], number[]]] => [
      key,
      [[...index.partitionsThatAre("stale", key)], [...index.partitionsThatAre("missing", key)]],
    ]);
    return Object.fromEntries(all.filter(([, [stale, missing]]) => stale.length + missing.length > 0));
  }

  #of(key: string): Map<number, RecordedVersions> {
    const known = this.records.get(key) ?? new Map<number, RecordedVersions>();
    this.records.set(key, known);
    return known;
  }
}

const flights = (): Partitioned =>
  new Partitioned()
    .define(divided("days", DAYS), divided("weeks", WEEKS, ["days"]), divided("report", null, ["weeks"]))
    .make("days")
    .make("weeks")
    .make("report");

describe("divided assets", () => {
  it("are fresh when each partition was made from what is there, and missing where it was not made", () => {
    expect(flights().notFresh()).toEqual({});
    const history = flights().wipe("weeks", 2);
    expect(history.notFresh()).toEqual({ weeks: [[], [2]], report: [[0], []] });
    expect([history.index().status("weeks"), history.index().status("report")]).toEqual(["missing", "stale"]);
    expect(history.index().causes("report")).toEqual([
      { kind: "upstream-missing", key: "report", upstream: "weeks", upstreamPartition: "2024-01-15" },
    ]);
  });

  it("have a stale week when one of its days was made anew, and what is made from the week", () => {
    const history = flights().make("days", { only: [9], version: "2" });
    expect(history.notFresh()).toEqual({ weeks: [[1], []], report: [[0], []] });
    expect(history.index().explain("report")).toEqual({
      key: "report",
      status: "stale",
      chain: [
        { kind: "upstream-stale", key: "report", upstream: "weeks", upstreamPartition: "2024-01-08" },
        {
          kind: "data-changed",
          key: "weeks",
          partition: "2024-01-08",
          upstream: "days",
          upstreamPartition: "2024-01-10",
          recorded: "days9@1",
          current: "days9@2",
        },
      ],
    });
    expect(history.index().explain("weeks", 0)).toEqual({ key: "weeks", partition: "2024-01-01", status: "fresh", chain: [] });
  });

  it("are stale as a whole when their code changed, each partition by the code that made it", () => {
    const history = flights()
      .define(divided("days", DAYS, [], "2"))
      .make("days", { only: [0, 1, 2, 3, 4, 5, 6] });
    expect(history.notFresh()).toEqual({
      days: [[7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20], []],
      weeks: [[1, 2], []],
      report: [[0], []],
    });
  });

  it("are stale when they need other partitions than they were made from", () => {
    const history = flights().define(
      divided("weeks", WEEKS, [{ key: "days", mapping: { kind: "time-window", startOffset: -1, endOffset: 0 } }]),
    );
    expect(history.index().causes("weeks", 1)).toEqual([
      { kind: "partitions-changed", key: "weeks", partition: "2024-01-08", upstream: "days", added: 7, removed: 0 },
    ]);
    expect(history.notFresh()).toEqual({ weeks: [[1, 2], []], report: [[0], []] });
    history.define(divided("weeks", WEEKS, [{ key: "days", mapping: { kind: "last" } }]));
    expect(history.index().causes("weeks", 2)).toEqual([
      { kind: "partitions-changed", key: "weeks", partition: "2024-01-15", upstream: "days", added: 0, removed: 6 },
    ]);
  });

  it("are looked at by one version where very many partitions were read", () => {
    const history = new Partitioned()
      .define(divided("days", DAYS), divided("sum", null, ["days"]))
      .make("days")
      .make("sum", { joined: true });
    expect(history.notFresh()).toEqual({});
    expect(history.make("days", { only: [3], version: "2" }).notFresh()).toEqual({ sum: [[0], []] });
  });

  it("hang on one undivided asset with all partitions", () => {
    const history = new Partitioned().define(divided("rules", null), divided("sizes", staticPartitions(["s", "m"]), ["rules"]));
    history
      .make("rules")
      .make("sizes")
      .make("rules", { version: "2", only: [0] });
    expect(history.notFresh()).toEqual({ sizes: [[0, 1], []] });
    expect(history.index().explain("sizes").chain).toEqual([
      { kind: "data-changed", key: "sizes", partition: "s", upstream: "rules", recorded: "rules0@1", current: "rules0@2" },
    ]);
  });

  it("turn stale one after the other where each hangs on the one before it", () => {
    const yesterday = { key: "total", mapping: { kind: "time-window" as const, startOffset: -1, endOffset: -1 } };
    const history = new Partitioned()
      .define(divided("days", DAYS), divided("total", DAYS, ["days", yesterday]))
      .make("days")
      .make("total");
    expect(history.notFresh()).toEqual({});
    history.make("days", { only: [17], version: "2" });
    expect(history.notFresh()).toEqual({ total: [[17, 18, 19, 20], []] });
    expect(
      history
        .index()
        .explain("total", 19)
        .chain.map(({ kind, partition }) => [kind, partition]),
    ).toEqual([
      ["upstream-stale", "2024-01-20"],
      ["upstream-stale", "2024-01-19"],
      ["data-changed", "2024-01-18"],
    ]);
  });

  it.each([1, 2, 3, 4])("come to the same after a change as when all is judged again (seed %i)", (seed) => {
    let state = seed;
    const random = (limit: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    const yesterday = { key: "total", mapping: { kind: "time-window" as const, startOffset: -1, endOffset: -1 } };
    const history = flights()
      .define(divided("total", DAYS, ["days", "rules", yesterday]), divided("rules", null))
      .make("rules")
      .make("total");
    const index = history.index();
    for (let change = 0; change < 60; change++) {
      const key = ["days", "weeks", "report", "rules", "total"][random(5)] as string;
      const at = random(history.space(key)?.size ?? 1);
      if (random(4) === 0) history.wipe(key, at);
      else history.make(key, { only: [at], version: String(random(2)) });
      index.record(key, history.recorded(key, at), at);
      if (random(6) === 0) {
        const codeVersion = String(random(2) + 1);
        history.define({ ...(history.assets.get(key) as StalenessAsset), codeVersion });
        index.changeCode(key, codeVersion);
      }
      expect(history.notFresh(index)).toEqual(history.notFresh());
    }
  });
});
