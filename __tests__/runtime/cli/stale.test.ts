import { CliProject } from "./cli-project";

const CHAIN = (code: string): string => `
import { Asset, Definitions, externalAsset, MaterializeResult, Own, Pipeline } from "millrace";

@Pipeline()
class Shop {
  @Asset({ codeVersion: "${code}", deps: ["bucket"] }) raw(): MaterializeResult<number> {
    return new MaterializeResult({ value: 1, dataVersion: "one" });
  }
  @Asset({ codeVersion: "1" }) clean(@Own("raw") raw: number): number {
    return raw;
  }
  @Asset({ codeVersion: "1" }) report(@Own("clean") clean: number): number {
    return clean;
  }
  @Asset() never(): number {
    return 0;
  }
}

export default new Definitions({ pipelines: [Shop], assets: [externalAsset({ key: "bucket" })] });
`;

const shop = new CliProject({ "definitions.ts": CHAIN("1") });
afterAll(() => shop.remove());

beforeAll(() => shop.run(["materialize", "report or clean or raw"]));

test("list --stale and materialize --stale say so when nothing is stale, and no run is made", async () => {
  expect(await shop.json(["list", "not key:never", "--stale"])).toEqual([]);
  expect((await shop.run(["list", "not key:never", "--stale"])).stdout).toBe("Nothing is stale or missing.\n");
  expect(await shop.run(["materialize", "clean", "--stale"])).toMatchObject({ code: 0, stdout: "Nothing is stale or missing.\n" });
  expect((await shop.run(["materialize", "clean", "--stale", "--json"])).stdout).toBe("null\n");
});

test("list --stale tells what is not fresh, with the first cause", async () => {
  shop.write({ "definitions.ts": CHAIN("2") });
  expect((await shop.run(["list", "--stale"])).stdout).toBe(`asset   state    first cause
never   missing
raw     stale    raw has code version "2", and was made by "1"
clean   stale    clean needs raw, which is stale
report  stale    report needs clean, which is stale
`);
  expect(await shop.json(["list", "clean or never", "--stale"])).toEqual([
    { key: "never", status: "missing", cause: null },
    { key: "clean", status: "stale", cause: { kind: "upstream-stale", key: "clean", upstream: "raw" } },
  ]);
});

test("show explains down to the root", async () => {
  expect((await shop.run(["show", "report"])).stdout).toContain(`state        stale
  report needs clean, which is stale
  clean needs raw, which is stale
  raw has code version "2", and was made by "1"
materialized`);
  expect((await shop.json<{ staleness: unknown }>(["show", "clean"])).staleness).toEqual({
    status: "stale",
    chain: [
      { kind: "upstream-stale", key: "clean", upstream: "raw" },
      { kind: "code-changed", key: "raw", recorded: "1", current: "2" },
    ],
  });
});

test("materialize --stale runs what is not fresh, and reuses what would come out the same", async () => {
  const { code, stdout } = await shop.run(["materialize", "--stale"]);
  expect(shop.plain(stdout).split("\n").sort()).toEqual([
    "",
    "",
    "= clean  reused: its code and its inputs are as they were",
    "= report  reused: its code and its inputs are as they were",
    "Run RUN_ID_12___ succeeded in TIME: 2 assets materialized, 2 steps reused.",
    "Run RUN_ID_12___: 4 assets, 0 checks",
    "✓ never  TIME",
    "✓ raw  TIME",
  ]);
  expect(code).toBe(0);
  expect((await shop.run(["list", "--stale"])).stdout).toBe("Nothing is stale or missing.\n");
});

test("--force runs again what would come out the same", async () => {
  shop.write({ "definitions.ts": CHAIN("3") });
  const { steps } = await shop.json<{ steps: { key: string; status: string }[] }>(["materialize", "--stale", "--force"]);
  expect(steps.map((step) => [step.key, step.status]).sort()).toEqual([
    ["clean", "SUCCESS"],
    ["raw", "SUCCESS"],
    ["report", "SUCCESS"],
  ]);
});
