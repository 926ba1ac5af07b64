import { IsInt, IsString, Min } from "class-validator";
import {
  Asset,
  Config,
  type ConfigEntry,
  ConfigurableResource,
  FileIOManager,
  MultiAsset,
  Pipeline,
  configFor,
  provide,
  ref,
  type RunConfigInput,
} from "../../../runtime/entries/index.js";
import { materialize } from "../../../runtime/entries/testing.js";

class Region extends ConfigurableResource {
  @IsString() name = "eu";
}
class Api extends ConfigurableResource {
  @IsString() baseUrl!: string;
  @IsInt() timeoutMs = 1_000;
  region!: Region;
}
class Stub {
  on = true;
}
class FetchConfig extends Config {
  @IsInt() @Min(1) limit = 10;
  @IsString() unit = "row";
}

@Pipeline({ keyPrefix: "app" })
class Sales {
  constructor(readonly api: Api) {}
  @Asset() rawEvents(config: FetchConfig): string {
    return `${config.limit} ${config.unit} of ${this.api.baseUrl} in ${this.api.region.name} within ${this.api.timeoutMs}`;
  }
  @MultiAsset({ outs: { left: {}, right: {} } }) split(config: FetchConfig): { left: number; right: string } {
    return { left: config.limit, right: config.unit };
  }
  @Asset() plain(): number {
    return 1;
  }
}

const resources = [Api.with({ baseUrl: "http://here", region: Region.with({}) }), provide(Stub, new Stub())];
const run = (config: RunConfigInput) => materialize([Sales], { resources, config });

async function faultsOf(config: RunConfigInput): Promise<string> {
  try {
    await run(config);
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message.replace(/:\d+\)/g, ":LINE)")}` : String(error);
  }
  return "accepted";
}
const FIX = "  → Correct it where it is given: `.with({...})`, the environment, or the run configuration.";

describe("run configuration", () => {
  it("is given by ref and by class, for assets, outs, resources and those that they hold", async () => {
    const result = await run([
      configFor(ref(Sales, "rawEvents"), { limit: 5 }),
      configFor(Api, { timeoutMs: 20 }),
      configFor(ref(Sales, "rawEvents"), { unit: "line" }),
      configFor(ref(Sales, "split", "right"), { limit: 7 }),
      configFor(Region, { name: "us" }),
    ]);
    expect(result.value(ref(Sales, "rawEvents"))).toBe("5 line of http://here in us within 20");
    expect([result.value(ref(Sales, "split", "left")), result.value(ref(Sales, "split", "right"))]).toEqual([7, "row"]);
  });

  it("is given by key and by name alike", async () => {
    const result = await run({
      assets: { "app/raw_events": { limit: 5 } },
      resources: { Api: { timeoutMs: 20 }, Region: { name: "us" } },
    });
    expect(result.value("app/raw_events")).toBe("5 row of http://here in us within 20");
  });

  it("tells every fault in one error, with path, rule and value", async () => {
    class Elsewhere {
      @Asset() other(config: FetchConfig): number {
        return config.limit;
      }
    }
    class Nowhere extends ConfigurableResource {
      url = "";
    }
    expect(
      await faultsOf([
        configFor(ref(Elsewhere, "other"), { limit: 1 }),
        configFor(ref<number>("app/raw_event"), { limit: 1 }),
        configFor(ref(Sales, "rawEvents"), { limit: 0, lmit: 3 } as never),
        configFor(ref(Sales, "plain"), { limit: 1 } as never),
        configFor(Nowhere, { url: "x" }),
        configFor(Api, { timeoutMs: "soon", timeout: 3 } as never),
        configFor(Stub as never, { on: false } as never),
        { limit: 3 } as unknown as ConfigEntry,
      ]),
    ).toBe(
      [
        "ConfigFaultsError: The configuration has 10 faults:",
        "  config[0]: Elsewhere.other is taken, but Elsewhere is not in Definitions.pipelines.",
        '  config[1]: No asset has the key "app/raw_event". Did you mean "app/raw_events"? It is declared at Sales.rawEvents (FILE).',
        '  config[7]: it is no entry; write configFor(ref(Class, "method"), { … }) (it is {"limit":3})',
        '  assets.app/raw_events.lmit: there is no such field; did you mean "limit"?',
        "  assets.app/plain: its method takes no run configuration; add a parameter whose type extends Config",
        "  resources.Nowhere: there is no such resource",
        '  resources.Api.timeout: there is no such field; did you mean "timeoutMs"?',
        "  resources.Stub: it is an object given by provide(…), which takes no configuration",
        '  resources.Api.timeoutMs: timeoutMs must be an integer number (it is "soon")',
        "  assets.app/raw_events.limit: limit must not be less than 1 (it is 0)",
        FIX,
      ]
        .join("\n")
        .replace("FILE", "__tests__/runtime/execute/run-config.test.ts:LINE"),
    );
  });

  it("understands a slip of the hand in a key, a name or a field", async () => {
    expect(await faultsOf({ assets: { "app/rawevents": {} }, resources: { Appi: {}, Region: { nam: "x" } } })).toBe(
      [
        "ConfigFaultsError: The configuration has 3 faults:",
        '  assets.app/rawevents: there is no such asset; did you mean "app/raw_events"?',
        '  resources.Appi: there is no such resource; did you mean "Api"?',
        '  resources.Region.nam: there is no such field; did you mean "name"?',
        FIX,
      ].join("\n"),
    );
  });

  it("reaches IO managers by their class", async () => {
    const result = await materialize([Sales], {
      resources,
      io: FileIOManager.with({}),
      selection: "key:app/plain",
      config: [configFor(FileIOManager, {})],
    });
    expect(result.status).toBe("SUCCESS");
  });
});
