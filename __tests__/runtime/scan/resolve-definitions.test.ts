import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  AssetContext,
  ConfigurableResource,
  Definitions,
  Input,
  MultiAsset,
  Own,
  Pipeline,
  defineAssets,
  edge,
  externalAsset,
  ref,
} from "../../../runtime/entries/index.js";
import { DeclarationSite } from "../../../src/base/declaration-site.js";
import { resolveDefinitions } from "../../../runtime/scan/resolve-definitions.js";
import { ScanError } from "../../../runtime/scan/scan-error.js";

class Api extends ConfigurableResource {
  baseUrl = "";
}

@Pipeline({ group: "ingestion", keyPrefix: "app", tags: { team: "data" } })
class Ingestion {
  constructor(readonly api: Api) {}
  @Asset({ retry: { maxRetries: 3, delay: "2s", backoff: "exponential" }, timeout: "1m", checks: [{ name: "has_rows", blocking: true }] })
  rawEvents(_context: AssetContext): string[] {
    return [];
  }
  @MultiAsset({ outs: { users: { group: "people" }, orders: { deps: ["users"] } } })
  split(@Own("rawEvents") _events: string[], _api: Api): { users: string[]; orders: number[] } {
    return { users: [], orders: [] };
  }
}

@Pipeline()
class Metrics {
  @Asset({ deps: [edge("outside", { when: "always" })] })
  total(@Input(Ingestion, "split", "orders") _orders: number[]): number {
    return 0;
  }
  @AssetCheck({ asset: ref(Ingestion, "split", "orders") })
  positive(@Input(Ingestion, "split", "orders") _orders: number[]): AssetCheckResult {
    return new AssetCheckResult({ passed: true });
  }
}

function problemsOf(definitions: Definitions): string {
  try {
    resolveDefinitions(definitions);
  } catch (error) {
    if (error instanceof ScanError) return error.message.replace(/ \([^()]*?:\d+\)/g, " (FILE)");
    throw error;
  }
  return "none";
}

describe("resolveDefinitions", () => {
  it("turns classes into a frozen, sorted, JSON-able catalog and the code behind it", () => {
    const { catalog, bindings, keysOf } = resolveDefinitions(
      new Definitions({
        pipelines: [Metrics, Ingestion],
        resources: [Api],
        assets: [
          externalAsset({ key: "outside" }),
          defineAssets({ specs: [{ key: "dbt/b", deps: ["dbt/a"] }, { key: "dbt/a" }], run: () => undefined }),
        ],
      }),
    );
    expect(JSON.parse(JSON.stringify(catalog))).toEqual(catalog);
    expect(Object.isFrozen(catalog.assets[0]?.deps)).toBe(true);
    expect(
      catalog.assets.map(({ key, unit, group, deps }) => [key, unit, group, deps.map((dep) => `${dep.kind} ${dep.key} ${dep.when}`)]),
    ).toEqual([
      ["app/orders", "app/split", "ingestion", ["load app/raw_events success", "order app/users success"]],
      ["app/raw_events", "app/raw_events", "ingestion", []],
      ["app/users", "app/split", "people", ["load app/raw_events success"]],
      ["dbt/a", "dbt/a+1", "default", []],
      ["dbt/b", "dbt/a+1", "default", ["order dbt/a success"]],
      ["outside", undefined, "default", []],
      ["total", "total", "default", ["load app/orders success", "order outside always"]],
    ]);
    expect(catalog.checks.map((check) => [`${check.asset}#${check.name}`, check.unit, check.blocking])).toEqual([
      ["app/orders#positive", "app/orders#positive", false],
      ["app/raw_events#has_rows", "app/raw_events", true],
    ]);
    expect(catalog.units.find(({ id }) => id === "app/raw_events")).toEqual({
      id: "app/raw_events",
      kind: "asset",
      assets: ["app/raw_events"],
      checks: ["app/raw_events#has_rows"],
      canSubset: false,
      retry: { maxRetries: 3, delayMs: 2_000, backoff: "exponential" },
      timeoutMs: 60_000,
      resources: ["Api"],
      site: expect.stringMatching(/^Ingestion\.rawEvents \(__tests__\/runtime\/scan\/resolve-definitions\.test\.ts:\d+\)$/) as string,
    });
    expect(bindings.units.get("app/split")?.code).toEqual({
      kind: "method",
      pipeline: Ingestion,
      method: "split",
      parameters: [
        { kind: "input", key: "app/raw_events", optional: false, partitions: false, array: true },
        { kind: "resource", token: Api },
      ],
      constructorTokens: [Api],
    });
    expect(keysOf(ref(Ingestion, "split", "orders"))).toEqual(["app/orders"]);
  });

  it("tells where a row is declared when that is read, and asks for no stack before", () => {
    const told = jest.spyOn(DeclarationSite.prototype, "toString");
    try {
      const { assets } = resolveDefinitions(new Definitions({ pipelines: [Ingestion], resources: [Api] })).catalog;
      expect(told).not.toHaveBeenCalled();
      const site = assets.find(({ key }) => key === "app/raw_events")?.site;
      expect(site).toMatch(/^Ingestion\.rawEvents \(__tests__/);
      expect(told).toHaveBeenCalledTimes(1);
    } finally {
      told.mockRestore();
    }
  });

  it("binds what a base class declares to the class that is listed", () => {
    abstract class Base {
      @Asset() raw(): string[] {
        return [];
      }
      @Asset() count(@Own("raw") rows: string[]): number {
        return rows.length;
      }
    }
    @Pipeline({ keyPrefix: "a" })
    class A extends Base {
      override raw(): string[] {
        return ["x"];
      }
    }
    @Pipeline({ keyPrefix: "b" })
    class B extends Base {}
    const { catalog } = resolveDefinitions(new Definitions({ pipelines: [A, B] }));
    expect(catalog.assets.map(({ key, deps }) => [key, deps.map((dep) => dep.key)])).toEqual([
      ["a/count", ["a/raw"]],
      ["a/raw", []],
      ["b/count", ["b/raw"]],
      ["b/raw", []],
    ]);
  });

  it("reports every problem at once, each with the place and the edit", () => {
    @Pipeline()
    class Broken {
      @Asset() one(@Input(ref<string[]>("two")) _rows: string[]): string[] {
        return [];
      }
      @Asset({ deps: ["one"] }) two(_api: Api): string[] {
        return [];
      }
      @Asset({ deps: ["dailyOrders"], metadata: { f: (() => 1) as never } }) three(_what: { a: 1 }): void {}
      @Asset({ key: "daily_orders" }) four(..._rest: string[]): void {}
      @Asset({ key: "daily_orders" }) five(): void {}
    }
    expect(problemsOf(new Definitions({ pipelines: [Broken, Broken] }))).toMatchSnapshot();
  });

  it("scans 10,000 assets in 200 classes; `npm run bench -- scan` tells how fast", () => {
    const pipelines = Array.from({ length: 200 }, (_, index) => manyAssets(`p${index}`));
    const { assets } = resolveDefinitions(new Definitions({ pipelines })).catalog;
    expect(assets).toHaveLength(10_000);
    const deps = new Map(assets.map((asset) => [asset.key, asset.deps.map((dep) => dep.key)]));
    expect([deps.get("p0/asset0"), deps.get("p199/asset49")]).toEqual([[], ["p199/asset48"]]);
  });
});

function manyAssets(keyPrefix: string): new () => object {
  class Many {}
  for (let at = 0; at < 50; at++) {
    const name = `asset${at}`;
    Object.defineProperty(Many.prototype, name, { value: () => at, configurable: true, writable: true });
    Reflect.defineMetadata("design:paramtypes", [], Many.prototype, name);
    const deps = at === 0 ? [] : [`${keyPrefix}/asset${at - 1}`];
    (Asset({ deps }) as MethodDecorator)(Many.prototype, name, {});
  }
  Pipeline({ keyPrefix })(Many);
  return Many;
}
