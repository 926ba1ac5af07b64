import { IsString } from "class-validator";
import {
  Asset,
  AssetCheck,
  AssetCheckResult,
  AssetSelection,
  ConfigurableResource,
  Definitions,
  type DefinitionsOptions,
  Input,
  MultiAsset,
  OptionError,
  Own,
  Pipeline,
  Secret,
  defineAssetJob,
  inject,
  mount,
  provide,
  ref,
} from "../../../runtime/entries/index.js";
import { materialize } from "../../../runtime/entries/testing.js";
import { jsonSchemaOf } from "../../../src/config/json-schema.js";
import { resolveDefinitions } from "../../../runtime/scan/resolve-definitions.js";
import { ScanError } from "../../../runtime/scan/scan-error.js";

class Api extends ConfigurableResource {
  @IsString() region = "none";
  @IsString() @Secret() token = "";
}

@Pipeline({ keyPrefix: "app" })
class Ingestion {
  constructor(
    private readonly api: Api,
    @inject("label") private readonly label: { text: string },
  ) {}
  @Asset() events(): string[] {
    return [this.api.region, this.label.text];
  }
  @MultiAsset({ outs: { users: {}, orders: { deps: [ref(() => Ingestion, "events")] } } }) split(
    @Own("events") events: string[],
    api: Api,
  ): { users: string; orders: string } {
    return { users: `${events.join("+")} users of ${api.region}`, orders: `orders of ${api.region}` };
  }
  @AssetCheck({ asset: ref(() => Ingestion, "events") }) filled(@Own("events") events: string[]): AssetCheckResult {
    return new AssetCheckResult({ passed: events.length > 0 });
  }
}

@Pipeline()
class Report {
  @Asset() report(@Input(Ingestion, "split", "users") users: string): string {
    return users;
  }
}

const eu = mount(Ingestion, { keyPrefix: "eu", resources: [Api.with({ region: "eu", token: "s3cret" })] });
const us = mount(Ingestion, {
  keyPrefix: ["north", "us"],
  resources: [Api.with({ region: "us" }), provide("label", { text: "of its own" })],
});
const shared = [Api.with({ region: "all" }), provide("label", { text: "shared" })];

function problemsOf(options: DefinitionsOptions): string {
  try {
    resolveDefinitions(new Definitions(options));
    return "no problem";
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    return error.problems
      .map(({ code, message, site, fix }) => `${code}: ${message}${site === undefined ? "" : `\n  at ${site}`}\n  → ${fix}`)
      .join("\n")
      .replace(/ \([^()]*?:\d+\)/g, " (FILE)");
  }
}

it("gives each copy of a class keys of its own, and keeps what the class says of itself within the copy", () => {
  const { catalog, keysOf } = resolveDefinitions(
    new Definitions({
      pipelines: [eu, us, Ingestion],
      resources: shared,
      jobs: [defineAssetJob({ name: "all_events", selection: AssetSelection.assets(ref(Ingestion, "events")) })],
    }),
    { schemaOf: jsonSchemaOf },
  );
  expect(catalog.assets.map(({ key, deps }) => [key, deps.map((dep) => dep.key)])).toEqual([
    ["app/events", []],
    ["app/orders", ["app/events"]],
    ["app/users", ["app/events"]],
    ["eu/app/events", []],
    ["eu/app/orders", ["eu/app/events"]],
    ["eu/app/users", ["eu/app/events"]],
    ["north/us/app/events", []],
    ["north/us/app/orders", ["north/us/app/events"]],
    ["north/us/app/users", ["north/us/app/events"]],
  ]);
  expect(catalog.checks.map(({ asset, name }) => `${asset}#${name}`)).toEqual([
    "app/events#filled",
    "eu/app/events#filled",
    "north/us/app/events#filled",
  ]);
  expect(catalog.units.map(({ id, resources }) => [id, resources])).toEqual([
    ["app/events", ["Api", "label"]],
    ["app/events#filled", ["Api", "label"]],
    ["app/split", ["Api", "label"]],
    ["eu/app/events", ["eu/Api", "label"]],
    ["eu/app/events#filled", ["eu/Api", "label"]],
    ["eu/app/split", ["eu/Api", "label"]],
    ["north/us/app/events", ["north/us/Api", "north/us/label"]],
    ["north/us/app/events#filled", ["north/us/Api", "north/us/label"]],
    ["north/us/app/split", ["north/us/Api", "north/us/label"]],
  ]);
  expect(catalog.resources.map(({ name, configSchema }) => [name, configSchema])).toEqual([
    ["Api", jsonSchemaOf(Api)],
    ["eu/Api", jsonSchemaOf(Api)],
    ["label", undefined],
    ["north/us/Api", jsonSchemaOf(Api)],
    ["north/us/label", undefined],
  ]);
  expect(keysOf(ref(Ingestion, "events"))).toEqual(["eu/app/events", "north/us/app/events", "app/events"]);
  expect(catalog.jobs[0]?.assets).toEqual(["app/events", "eu/app/events", "north/us/app/events"]);
});

it("runs each copy with its own resources, and with the shared ones where it has none", async () => {
  const result = await materialize([eu, us, Ingestion], { resources: shared });
  expect([result.status, ...["app/users", "eu/app/users", "north/us/app/users"].map((key) => result.value(key))]).toEqual([
    "SUCCESS",
    "all+shared users of all",
    "eu+shared users of eu",
    "us+of its own users of us",
  ]);
});

it("configures the resource of a copy under the copy's name", async () => {
  const config = { resources: { "eu/Api": { region: "changed" } } };
  const result = await materialize([eu], { resources: shared, config });
  expect(result.value("eu/app/users")).toBe("changed+shared users of changed");
});

it("takes a class that is mounted once for that copy", () => {
  const { catalog } = resolveDefinitions(new Definitions({ pipelines: [eu, Report], resources: shared }));
  expect(catalog.assets.find(({ key }) => key === "report")?.deps).toEqual([{ key: "eu/app/users", kind: "load", when: "success" }]);
});

describe("the scan refuses", () => {
  it("a reference to a class that is mounted twice", () => {
    expect(problemsOf({ pipelines: [eu, us, Report], resources: shared })).toBe(
      `DEFINITION.MOUNTED_TWICE: Ingestion.split is taken, but its class is mounted more than once: it may be "eu/app/users" or "north/us/app/users".
  at Report.report (FILE)
  → Name the key: ref("eu/app/users").`,
    );
  });

  it("the same class twice without a prefix", () => {
    expect(problemsOf({ pipelines: [Report, Report, eu], resources: shared })).toBe(
      `DEFINITION.PIPELINE_TWICE: Report is in Definitions.pipelines twice.
  → List it once, or give a copy of it other keys: mount(Report, { keyPrefix: "copy" }).`,
    );
  });

  it("two copies under one prefix", () => {
    const twice = mount(Report, { keyPrefix: "eu" });
    expect(problemsOf({ pipelines: [twice, twice, eu], resources: shared })).toContain(
      'DEFINITION.DUPLICATE_ASSET_KEY: Asset key "eu/report" is declared by Report.report (FILE) and by Report.report (FILE).',
    );
  });
});

it("refuses a prefix that is no key where it stands", () => {
  expect(() => mount(Report, { keyPrefix: "a//b" })).toThrow(OptionError);
});
