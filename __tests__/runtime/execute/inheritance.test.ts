import {
  Asset,
  AssetCheckResult,
  AssetContext,
  ConfigurableResource,
  type Ctor,
  Input,
  MaterializeResult,
  Own,
  Pipeline,
  defineAssets,
  output,
  ref,
} from "../../../runtime/entries/index.js";
import { materialize } from "../../../runtime/entries/testing.js";
import { told } from "./outcome";

class Rate extends ConfigurableResource {
  value = 2;
}

@Pipeline()
abstract class Shop {
  constructor(readonly rate: Rate) {}
  protected abstract fetch(): number[];
  @Asset() orders(): number[] {
    return this.fetch();
  }
  @Asset() total(@Own("orders") orders: number[]): number {
    return orders.reduce((sum, order) => sum + order, 0) * this.rate.value;
  }
}

describe("pipeline classes that inherit", () => {
  it("run the base's assets with the derived class's own methods, resources and keys", async () => {
    @Pipeline({ keyPrefix: "east" })
    class East extends Shop {
      protected fetch(): number[] {
        return [1, 2];
      }
    }
    @Pipeline({ keyPrefix: "west", group: "far" })
    class West extends Shop {
      protected fetch(): number[] {
        return [10];
      }
      override orders(): number[] {
        return [...super.orders(), 5];
      }
      @Asset() share(@Own("total") total: number, @Input(East, "total") east: number): number {
        return total / (total + east);
      }
    }
    const result = await materialize([East, West], { resources: [Rate.with({ value: 3 })], concurrency: 1 });
    expect(Object.fromEntries(result.materialized.map((key) => [key, result.value(key)]))).toEqual({
      "east/orders": [1, 2],
      "east/total": 9,
      "west/orders": [10, 5],
      "west/total": 45,
      "west/share": 45 / 54,
    });
    expect(result.value(ref(West, "total"))).toBe(45);
    expect(result.materialized.filter((key) => key.endsWith("orders")).every((key) => key.includes("/"))).toBe(true);
  });

  it("declare a method anew with its own options when the derived class annotates it again", async () => {
    class Base {
      @Asset({ description: "the base's", retry: { maxRetries: 1 } }) rows(): string {
        return "base";
      }
    }
    @Pipeline()
    class Derived extends Base {
      @Asset({ key: "derived_rows" }) override rows(): string {
        return `derived from ${super.rows()}`;
      }
    }
    const result = await materialize([Derived]);
    expect(result.materialized).toEqual(["derived_rows"]);
    expect(result.value(ref(Derived, "rows"))).toBe("derived from base");
  });

  it("come from a factory, one class for each call, apart from each other", async () => {
    const shopOf = (country: string, orders: number): Ctor<{ orders(): number; doubled(orders: number): number }> => {
      @Pipeline({ keyPrefix: country, tags: { country } })
      class Made {
        @Asset() orders(): number {
          return orders;
        }
        @Asset() doubled(@Own("orders") given: number): number {
          return given * 2;
        }
      }
      return Made;
    };
    const [de, fr] = [shopOf("de", 1), shopOf("fr", 2)];
    @Pipeline()
    class Sum {
      @Asset() sum(@Input(de, "doubled") a: number, @Input(fr, "doubled") b: number): number {
        return a + b;
      }
    }
    const result = await materialize([de, fr, Sum], { selection: "+sum" });
    expect([...result.materialized].sort()).toEqual(["de/doubled", "de/orders", "fr/doubled", "fr/orders", "sum"]);
    expect(result.value("sum")).toBe(6);
    const french = await materialize([de, fr, Sum], { selection: "tag:country=fr" });
    expect(french.materialized).toEqual(["fr/orders", "fr/doubled"]);
  });
});

describe("defineAssets", () => {
  const tables = (seen: unknown[]) =>
    defineAssets({
      name: "copy",
      specs: [{ key: "raw/a" }, { key: "raw/b", deps: ["raw/a"] }, { key: "raw/c", skippable: true }],
      checks: [{ asset: "raw/b", name: "filled" }],
      canSubset: true,
      resources: [Rate],
      async *run(context) {
        seen.push([context.assetKey, [...context.selectedOuts].sort(), context.resource(Rate).value]);
        const passed = new AssetCheckResult({ check: "filled", passed: true });
        for (const key of ["raw/a", "raw/b"]) {
          if (!context.selectedOuts.has(key)) continue;
          const checks = await Promise.resolve(key === "raw/b" ? [passed] : []);
          yield output(key, new MaterializeResult({ value: `rows of ${key}`, metadata: { from: key }, checks }));
        }
      },
    });
  @Pipeline()
  class Reads {
    @Asset() both(@Input(ref<string>("raw/a")) a: string, @Input(ref<string>("raw/b")) b: string, context: AssetContext): string {
      return `${context.assetKey}: ${a}, ${b}`;
    }
  }

  it("runs its function with its resources, and hands the values on to what is made from them", async () => {
    const seen: unknown[] = [];
    const result = await materialize([Reads], { assets: [tables(seen)], resources: [Rate.with({})] });
    expect(seen).toEqual([["raw/a", ["raw/a", "raw/b", "raw/c"], 2]]);
    expect(told(result, "raw/a+raw/b+raw/c").slice(4)).toEqual([
      ...["STEP_START", "PUBLISH raw/a", "PUBLISH raw/b"],
      ...["HANDLED_OUTPUT raw/a", "ASSET_MATERIALIZATION raw/a", "HANDLED_OUTPUT raw/b", "ASSET_MATERIALIZATION raw/b"],
      ...["ASSET_CHECK_EVALUATION raw/b", "STEP_SUCCESS"],
    ]);
    expect(result.checks).toEqual({ "raw/b#filled": true });
    expect(result.value("both")).toBe("both: rows of raw/a, rows of raw/b");
  });

  it("gives the selected assets only", async () => {
    const seen: unknown[] = [];
    const result = await materialize([Reads], { assets: [tables(seen)], resources: [Rate.with({})], selection: "raw/a" });
    expect(seen).toEqual([["raw/a", ["raw/a"], 2]]);
    expect(result.materialized).toEqual(["raw/a"]);
  });
});

describe("key prefixes and tags", () => {
  it("name what is materialized, and come with the run", async () => {
    let tags: unknown;
    @Pipeline({ keyPrefix: ["lake", "sales"], tags: { env: "prod" } })
    class Sales {
      @Asset({ key: "orders", tags: { pii: "" } }) load(context: AssetContext): string {
        tags = context.runTags;
        return context.assetKey;
      }
      @Asset({ keyPrefix: "own" }) totals(@Own("load") load: string): string {
        return load;
      }
    }
    const result = await materialize([Sales], { selection: "tag:env=prod", tags: { ticket: "7" } });
    expect(result.materialized).toEqual(["lake/sales/orders", "lake/sales/own/totals"]);
    expect(result.value("lake/sales/own/totals")).toBe("lake/sales/orders");
    expect(tags).toEqual({ ticket: "7" });
    expect((await materialize([Sales], { selection: "tag:pii" })).materialized).toEqual(["lake/sales/orders"]);
  });
});
