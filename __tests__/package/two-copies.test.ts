import { pack, type Packed, type System } from "./packed";

/** A package of its own, with its own copy of Millrace, that uses of it whatever an author can. */
const shared = `
import { IsInt } from "class-validator";
import {
  Asset, AssetCheck, AssetCheckResult, AssetContext, CheckContext, Config, ConfigurableResource, Failure, FileIOManager, Input, IOError,
  MaterializeResult, MetadataValue, MultiAsset, ObservableAsset, ObserveResult, Own, output, Pipeline, ref, RetryRequested, env, externalAsset, defineAssets,
} from "millrace";

export class Prices extends ConfigurableResource {
  @IsInt() factor!: number;
  protected override setup(): void { this.ready = true; }
  ready = false;
}
export class Limit extends Config { @IsInt() limit = 2; }
export const prices = Prices.with({ factor: env.number("FACTOR", 10) });
export const files = FileIOManager.with({});
export const shop = externalAsset({ key: "shop" });
export const factors = defineAssets({ name: "factors", specs: [{ key: "factors" }], run: async function* () { yield output("factors", 3); } });

@Pipeline({ group: "shared" })
export class Shared {
  constructor(private readonly prices: Prices) {}

  @Asset({ io: FileIOManager, deps: [ref("shop")] })
  rows(config: Limit, context: AssetContext): MaterializeResult<number[]> {
    if (context.retryNumber === 0) throw new RetryRequested({ maxRetries: 1 });
    const value = [1, 2, 3].slice(0, config.limit).map((n) => n * this.prices.factor);
    return new MaterializeResult({ value, metadata: { ready: this.prices.ready, note: MetadataValue.md("**two**") } });
  }

  @MultiAsset({ outs: { left: {}, right: { skippable: true } } })
  async *split(@Own("rows") rows: number[]) { yield output("left", rows[0]); }

  @ObservableAsset()
  watched(): ObserveResult { return new ObserveResult({ dataVersion: "v7" }); }

  @AssetCheck({ asset: ref(Shared, "rows"), blocking: true })
  hasRows(@Input(Shared, "rows") rows: number[], context: CheckContext): AssetCheckResult {
    return new AssetCheckResult({ passed: rows.length === 2, metadata: { of: context.assetKey } });
  }

  @Asset()
  refused(): number { throw new Failure("never again", { allowRetries: false, metadata: { tries: 1 } }); }

  @Asset()
  unstored(): number { throw new IOError("IO.NOT_FOUND", "No such bucket.", { fix: "Create it." }); }
}
`;

const main = `
import { bootstrap, Asset, Definitions, Input, Pipeline } from "millrace";
import { Shared, prices, files, shop, factors } from "./shared/shared.js";

@Pipeline()
class Own {
  @Asset()
  total(@Input(Shared, "rows") rows: number[]): number { return rows.reduce((sum, n) => sum + n, 0); }
}

async function main(): Promise<void> {
  const definitions = new Definitions({ pipelines: [Shared, Own], resources: [prices, files], assets: [shop, factors] });
  const millrace = await bootstrap(definitions);
  const { runId, status } = await millrace.materialize("*", { config: { assets: { rows: { limit: 2 } } } });
  const events = await millrace.store.events({ runId, afterSeq: 0, limit: 1_000 });
  await millrace.close();
  const of = (...types: string[]) => events.filter((event) => types.includes(event.type));
  console.log(JSON.stringify({
    status,
    made: of("ASSET_MATERIALIZATION").map((event) => event.assetKey).sort(),
    rows: of("ASSET_MATERIALIZATION").find((event) => event.assetKey === "rows")?.payload?.metadata,
    observed: of("ASSET_OBSERVATION").map((event) => [event.assetKey, event.payload?.dataVersion]),
    retried: of("STEP_UP_FOR_RETRY").map((event) => event.stepKey),
    checks: of("ASSET_CHECK_EVALUATION").map((event) => event.payload?.check),
    failed: of("STEP_FAILURE").sort((a, b) => (a.stepKey! < b.stepKey! ? -1 : 1)).map((event) => ({ step: event.stepKey, error: event.payload?.error?.message, code: event.payload?.error?.code })),
  }));
}
void main();
`;

describe("two copies of the package in one project", () => {
  let packed: Packed;
  beforeAll(() => (packed = pack()), 60_000);
  afterAll(() => packed.remove());

  it.each<System>(["commonjs", "module"])("work on each other's classes, results, errors and definitions (%s)", (system) => {
    const project = packed.install(system, { "main.ts": main, "shared/shared.ts": shared });
    project.write({ "shared/package.json": JSON.stringify({ name: "shared", type: system }) });
    project.installCopy("shared");
    const { stdout, stderr } = project.run("main.ts", ["--import", "millrace/register"]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      status: "FAILURE",
      made: ["factors", "left", "rows", "total"],
      rows: { note: { type: "md", value: "**two**" }, ready: { type: "bool", value: true } },
      observed: [["watched", "v7"]],
      retried: ["rows"],
      checks: [{ name: "has_rows", passed: true, severity: "ERROR", blocking: true }],
      failed: [
        { step: "refused", error: "never again" },
        { step: "unstored", error: "No such bucket.\n  → Create it.", code: "IO.NOT_FOUND" },
      ],
    });
  });
});
