import { IsInt, IsString } from "class-validator";
import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  AssetContext,
  type AssetRef,
  CheckContext,
  Config,
  ConfigurableResource,
  Definitions,
  type DefinitionsOptions,
  FileIOManager,
  Input,
  MultiAsset,
  Own,
  PartitionedAssetContext,
  Pipeline,
  defineAssets,
  env,
  externalAsset,
  inject,
  provide,
  ref,
  rowSchema,
} from "../../../runtime/entries/index.js";
import { type ResolveOptions, resolveDefinitions } from "../../../runtime/scan/resolve-definitions.js";
import { ScanError } from "../../../runtime/scan/scan-error.js";

class Region extends ConfigurableResource {
  @IsString() name!: string;
}
class Api extends ConfigurableResource {
  @IsString() baseUrl!: string;
  @IsString() token!: string;
  @IsInt() port = 80;
  region?: Region;
}
class Client {
  get(): void {}
}
class FetchConfig extends Config {
  limit = 1;
}

/** Every problem with its code, as the report prints it; places without line numbers. */
function problemsOf(options: DefinitionsOptions, resolve: ResolveOptions = {}): string {
  try {
    const { warnings } = resolveDefinitions(new Definitions(options), resolve);
    return ["no problem", ...warnings].join("\n").replace(/ \([^()]*?:\d+\)/g, " (FILE)");
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    return error.problems
      .map(({ code, message, site, fix }) => `${code}: ${message}${site === undefined ? "" : `\n  at ${site}`}\n  → ${fix}`)
      .join("\n")
      .replace(/ \([^()]*?:\d+\)/g, " (FILE)");
  }
}

describe("the scan refuses", () => {
  it("a key that two assets claim", () => {
    @Pipeline()
    class Sales {
      @Asset() orders(): void {}
    }
    @Pipeline()
    class Shop {
      @Asset() orders(): void {}
      @MultiAsset({ outs: { orders: {}, lines: {} } }) split() {
        return { orders: 1, lines: 2 };
      }
    }
    expect(problemsOf({ pipelines: [Sales, Shop], assets: [externalAsset({ key: "lines" })] })).toMatchSnapshot();
  });

  it("an upstream that does not exist: by key, by the method's name, by the last part of the key", () => {
    @Pipeline({ keyPrefix: "app" })
    class Sales {
      @Asset() rawOrders(): number[] {
        return [];
      }
      @Asset({ deps: ["app/raw_order", "rawOrders", "raw_orders", "far/away"] }) total(): void {}
      @Asset() sum(@Input(ref<number[]>("orders")) _orders: number[]): void {}
    }
    expect(problemsOf({ pipelines: [Sales] })).toMatchSnapshot();
  });

  it("a class that is not listed, has no @Pipeline, or is listed twice", () => {
    class Plain {
      @Asset() rows(): number {
        return 1;
      }
    }
    class Elsewhere {
      @Asset() rows(): number {
        return 1;
      }
    }
    abstract class Base {
      @Asset() raw(): number {
        return 1;
      }
    }
    @Pipeline({ keyPrefix: "sub" })
    class Sub extends Base {}
    @Pipeline()
    class Uses {
      @Asset() a(@Input(Elsewhere, "rows") _rows: number): void {}
      @Asset() b(@Input(Base as unknown as typeof Sub, "raw") _raw: number): void {}
    }
    expect(problemsOf({ pipelines: [Plain, Sub, Uses, Uses] })).toMatchSnapshot();
  });

  it("a method that is no asset, and outs that are not there or not named", () => {
    @Pipeline()
    class Sales {
      @Asset() orders(): number {
        return 1;
      }
      plain(): number {
        return 1;
      }
      @MultiAsset({ outs: { left: {}, right: {} } }) split() {
        return { left: 1, right: 2 };
      }
      @Asset() a(@Own("plain") _plain: number): void {}
      @Asset() b(@Input(ref(Sales, "split" as "orders")) _all: number): void {}
      @Asset() c(@Input(ref(Sales, "split", "middle" as "left")) _middle: number): void {}
      @Asset() d(@Input(ref(Sales, "orders", "first" as never) as unknown as AssetRef<number>) _first: number): void {}
      @Asset() e(@Input(ref(Sales, "order" as "orders")) _order: number): void {}
    }
    expect(problemsOf({ pipelines: [Sales] })).toMatchSnapshot();
  });

  it("cycles, spelt out, and a computation that waits for its own assets", () => {
    @Pipeline()
    class Round {
      @Asset({ deps: ["c"] }) a(): void {}
      @Asset({ deps: ["a"] }) b(): void {}
      @Asset({ deps: ["b"] }) c(): void {}
      @Asset({ deps: ["itself"] }) itself(): void {}
    }
    @Pipeline()
    class Whole {
      @MultiAsset({ outs: { first: {}, last: { deps: ["between"] } } }) both() {
        return { first: 1, last: 2 };
      }
      @Asset({ deps: ["first"] }) between(): void {}
    }
    expect(problemsOf({ pipelines: [Round] })).toMatchSnapshot();
    expect(problemsOf({ pipelines: [Whole] })).toMatchSnapshot();
  });

  it("parameters that nothing fills, rest parameters, and two of a kind", () => {
    interface Rows {
      rows: number[];
    }
    @Pipeline()
    class Sales {
      @Asset() a(_rows: Rows, _count: number): void {}
      @Asset() b(..._rows: number[]): void {}
      @Asset() c(_first: FetchConfig, _second: FetchConfig): void {}
      @Asset() d(_first: AssetContext, _second: AssetContext): void {}
    }
    expect(problemsOf({ pipelines: [Sales] })).toMatchSnapshot();
  });

  it("contexts of another kind", () => {
    @Pipeline()
    class Sales {
      @Asset() orders(_context: CheckContext): void {}
      perDay(_context: PartitionedAssetContext): void {}
      @AssetCheck({ asset: "orders" }) positive(_context: AssetContext): AssetCheckResult {
        return new AssetCheckResult({ passed: true });
      }
    }
    Reflect.defineMetadata("design:paramtypes", [PartitionedAssetContext], Sales.prototype, "perDay");
    (Asset() as MethodDecorator)(Sales.prototype, "perDay", {});
    expect(problemsOf({ pipelines: [Sales] })).toMatchSnapshot();
  });

  it("methods and constructors whose parameter types the compiler did not write", () => {
    class Base {
      constructor(readonly api: Api) {}
    }
    class Sales extends Base {
      orders(_api: Api): void {}
      lines(_api: Api): void {}
    }
    (Asset() as MethodDecorator)(Sales.prototype, "orders", {});
    (Asset() as MethodDecorator)(Sales.prototype, "lines", {});
    Pipeline()(Sales);
    expect(problemsOf({ pipelines: [Sales], resources: [Api] })).toMatchSnapshot();
  });

  it("a resource that is not bound: of a method, a constructor, a token, a function", () => {
    @Pipeline()
    class Sales {
      constructor(
        readonly api: Api,
        readonly odd: string,
      ) {}
      @Asset() orders(_client: Client): void {}
      @Asset() lines(_api: Api, @inject("queue") _queue: object): void {}
    }
    const set = defineAssets({ specs: [{ key: "dbt/a" }], resources: [Api], run: () => undefined });
    expect(problemsOf({ pipelines: [Sales], assets: [set] })).toMatchSnapshot();
  });

  it("two resources, checks or computations of one name", () => {
    @Pipeline()
    class Sales {
      @Asset({ checks: [{ name: "fresh" }] }) orders(): void {}
      @AssetCheck({ asset: "orders" }) fresh(): AssetCheckResult {
        return new AssetCheckResult({ passed: true });
      }
      @MultiAsset({ outs: { a: {}, b: {} } }) split() {
        return { a: 1, b: 2 };
      }
    }
    @Pipeline()
    class More {
      @MultiAsset({ outs: { c: {}, d: {} } }) split() {
        return { c: 1, d: 2 };
      }
    }
    const client = new Client();
    expect(problemsOf({ pipelines: [Sales, More], resources: [provide(Client, client), provide(Client, client)] })).toMatchSnapshot();
  });

  it("decorators that do not go together", () => {
    @Pipeline()
    class Sales {
      @Asset() rows(): number {
        return 1;
      }
      @Asset() @AssetCheck({ asset: "rows" }) twice(): AssetCheckResult {
        return new AssetCheckResult({ passed: true });
      }
      plain(@Own("rows") rows: number): number {
        return rows;
      }
    }
    expect(problemsOf({ pipelines: [Sales] })).toMatchSnapshot();
  });

  it("what cannot be stored, and keys that are none", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    @Pipeline()
    class Sales {
      @Asset({ metadata: { f: (() => 1) as never } }) a(): void {}
      @Asset({ metadata: { loop: loop as never } }) b(): void {}
      @MultiAsset({ outs: { "no way": {} } }) c() {
        return { "no way": 1 };
      }
    }
    expect(problemsOf({ pipelines: [Sales] })).toMatchSnapshot();
  });

  it("a column that the upstream's schema does not declare", () => {
    @Pipeline()
    class Sales {
      @Asset({ schema: rowSchema({ id: "int64", amount: "float64?" }) }) orders(): object[] {
        return [];
      }
      @Asset() a(@Own("orders", { columns: ["id"], where: { amont: 1 } as object }) _rows: object[]): void {}
      @Asset() b(@Input(ref<object[]>("orders"), { columns: ["currency"] as never }) _rows: object[]): void {}
    }
    expect(problemsOf({ pipelines: [Sales] }))
      .toBe(`DEFINITION.UNKNOWN_COLUMN: An input takes the column "amont" of "orders", whose schema has "id", "amount".
  at Sales.a (FILE)
  → Did you mean "amount"?
DEFINITION.UNKNOWN_COLUMN: An input takes the column "currency" of "orders", whose schema has "id", "amount".
  at Sales.b (FILE)
  → Name one of these in \`columns\` and \`where\`.`);
  });

  it("with completeResources, fields that are missing or wrong, and says who needs them", () => {
    @Pipeline()
    class Sales {
      constructor(readonly api: Api) {}
      @Asset() orders(_api: Api): void {}
    }
    const resources = [Api.with({ token: env("API_TOKEN"), port: "x" as never, region: Region.with({}) })];
    const options = { pipelines: [Sales], resources, io: FileIOManager.with({}) };
    expect(problemsOf(options)).toBe("no problem");
    expect(problemsOf(options, { completeResources: true })).toMatchSnapshot();
    expect(problemsOf({ resources: [Region] }, { completeResources: true })).toMatchSnapshot();
  });

  it("all at once, in the same order each time, with those of modules first", () => {
    @Pipeline()
    class Sales {
      @Asset({ deps: ["nowhere"] }) a(_client: Client): void {}
      @Asset({ key: "a" }) b(): void {}
    }
    const moduleProblems = [{ code: "DEFINITION.SYNTAX", message: "x.ts cannot be imported: no.", fix: "Correct it." }];
    const [first, second] = [1, 2].map(() => problemsOf({ pipelines: [Sales] }, { moduleProblems }));
    expect(first).toBe(second);
    expect(first?.split("\n").flatMap((line) => /^[A-Z.]+_?[A-Z_]*(?=:)/.exec(line)?.[0] ?? [])).toEqual([
      "DEFINITION.SYNTAX",
      "DEFINITION.DUPLICATE_ASSET_KEY",
      "DEFINITION.MISSING_RESOURCE",
      "DEFINITION.UNKNOWN_ASSET",
    ]);
  });
});
