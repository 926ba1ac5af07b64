import {
  Asset,
  CustomMapping,
  Definitions,
  Input,
  InputPartitions,
  MultiAsset,
  ObservableAsset,
  Partitions,
  PartitionedAssetContext,
  Pipeline,
  dailyPartitions,
  defineAssets,
  edge,
  externalAsset,
  multiMapping,
  multiPartitions,
  offset,
  ref,
  timeWindowMapping,
  weeklyPartitions,
} from "../../../runtime/entries/index.js";
import { AssetGraph } from "../../../src/graph/asset-graph.js";
import { resolveDefinitions } from "../../../runtime/scan/resolve-definitions.js";

const daily = dailyPartitions({ start: "2025-01-01" });
const weekly = weeklyPartitions({ start: "2025-01-01" });

class BusinessDays extends CustomMapping {
  upstreamOf(key: string): string[] {
    return [key];
  }
  downstreamOf(key: string): string[] {
    return [key];
  }
}

it("tells in the catalog how assets are divided, refreshed and mapped, and hands the code of an author's own mapping to the bindings", () => {
  const business = new BusinessDays();
  @Pipeline()
  class Sales {
    @Asset({ partitions: daily, backfill: { maxPartitionsPerRun: 10 }, reuse: false }) orders(_context: PartitionedAssetContext): number[] {
      return [];
    }
    @Asset({ partitions: daily }) total(
      @Input(ref<number[]>("orders")) _orders: number[],
      @Input(ref<number>("total"), { mapping: offset(-1), optional: true }) _before: number | undefined,
    ): number {
      return 0;
    }
    @Asset({ partitions: weekly, deps: [edge("listed", { mapping: business }), edge("observed", { mapping: new BusinessDays() })] })
    revenue(
      @InputPartitions(ref<number[]>("orders"), { mapping: timeWindowMapping({ startOffset: -1 }) }) _days: Partitions<number[]>,
    ): number {
      return 0;
    }
    @MultiAsset({
      partitions: daily,
      backfill: { maxPartitionsPerRun: "all" },
      outs: { a: {}, b: { deps: [edge("listed", { mapping: business })] } },
    })
    both(): {
      a: number;
      b: number;
    } {
      return { a: 1, b: 2 };
    }
    @ObservableAsset({ partitions: daily }) observed(): string {
      return "v1";
    }
  }
  const { catalog, bindings } = resolveDefinitions(
    new Definitions({
      pipelines: [Sales],
      assets: [
        externalAsset({ key: "listed", partitions: daily }),
        defineAssets({ specs: [{ key: "set", partitions: daily, reuse: false }], run: () => undefined }),
      ],
    }),
  );
  expect(JSON.parse(JSON.stringify(catalog))).toEqual(catalog);
  expect(
    catalog.assets.map(({ key, partitions, backfillPolicy, reuse, deps }) => ({ key, partitions, backfillPolicy, reuse, deps })),
  ).toEqual([
    { key: "a", partitions: daily, backfillPolicy: { maxPartitionsPerRun: "all" }, reuse: undefined, deps: [] },
    {
      key: "b",
      partitions: daily,
      backfillPolicy: { maxPartitionsPerRun: "all" },
      reuse: undefined,
      deps: [{ key: "listed", kind: "order", when: "success", mapping: { kind: "custom", id: "BusinessDays" } }],
    },
    { key: "listed", partitions: daily, backfillPolicy: undefined, reuse: undefined, deps: [] },
    { key: "observed", partitions: daily, backfillPolicy: undefined, reuse: undefined, deps: [] },
    { key: "orders", partitions: daily, backfillPolicy: { maxPartitionsPerRun: 10 }, reuse: false, deps: [] },
    {
      key: "revenue",
      partitions: weekly,
      backfillPolicy: undefined,
      reuse: undefined,
      deps: [
        { key: "listed", kind: "order", when: "success", mapping: { kind: "custom", id: "BusinessDays" } },
        { key: "observed", kind: "order", when: "success", mapping: { kind: "custom", id: "BusinessDays#2" } },
        {
          key: "orders",
          kind: "load",
          when: "success",
          mapping: { kind: "time-window", startOffset: -1, endOffset: 0, allowNonexistentUpstream: false },
        },
      ],
    },
    { key: "set", partitions: daily, backfillPolicy: undefined, reuse: false, deps: [] },
    {
      key: "total",
      partitions: daily,
      backfillPolicy: undefined,
      reuse: undefined,
      deps: [
        { key: "orders", kind: "load", when: "success" },
        {
          key: "total",
          kind: "load",
          when: "success",
          mapping: { kind: "time-window", startOffset: -1, endOffset: -1, allowNonexistentUpstream: false },
        },
      ],
    },
  ]);
  expect(bindings.mappings.get("BusinessDays")).toBe(business);
  expect([...bindings.mappings.keys()]).toEqual(["BusinessDays", "BusinessDays#2"]);
  const code = bindings.units.get("revenue")?.code;
  expect(code?.kind === "method" && code.parameters).toEqual([
    {
      kind: "input",
      key: "orders",
      optional: false,
      partitions: true,
      array: false,
      mapping: { kind: "time-window", startOffset: -1, endOffset: 0, allowNonexistentUpstream: false },
    },
  ]);
  const graph = new AssetGraph(catalog);
  expect([graph.parents("total"), graph.topologicalOrder().length]).toEqual([["orders"], 8]);
});

it("names the mapping of a dimension that is an author's own by its id", () => {
  const mapping = multiMapping({ day: new BusinessDays(), region: { dimension: "area", mapping: offset(0) } });
  const { catalog } = resolveDefinitions(
    new Definitions({
      assets: [
        externalAsset({ key: "a", partitions: multiPartitions({ day: daily, region: weekly }) }),
        externalAsset({ key: "b", partitions: multiPartitions({ day: daily, area: weekly }), deps: [edge("a", { mapping })] }),
      ],
    }),
  );
  expect(catalog.assets[1]?.deps[0]?.mapping).toEqual({
    kind: "multi",
    dimensions: {
      day: { dimension: "day", mapping: { kind: "custom", id: "BusinessDays" } },
      region: { dimension: "area", mapping: { kind: "time-window", startOffset: 0, endOffset: 0, allowNonexistentUpstream: false } },
    },
  });
});
