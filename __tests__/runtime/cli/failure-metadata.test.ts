import { CliProject } from "./cli-project";

const DEFINITIONS = `
import { Asset, AssetCheck, AssetCheckResult, Definitions, Failure, Pipeline } from "millrace";
@Pipeline()
class Shop {
  @Asset() orders(): number {
    if (process.env.CLOSED) throw new Failure("the shop is closed", { metadata: { opens_at: "9:00", tries: 3 } });
    return 1;
  }
  @AssetCheck({ asset: "orders" }) some(): AssetCheckResult {
    return new AssetCheckResult({ passed: false, severity: "WARN", metadata: { found: 0 } });
  }
}
export default new Definitions({ pipelines: [Shop] });
`;

let project: CliProject;
beforeAll(() => {
  project = new CliProject({ "definitions.ts": DEFINITIONS });
});
afterAll(() => project.remove());

test("what a failure and a check tell beside their message is shown: while the run goes, in its log and with the asset", async () => {
  await project.run(["materialize"]);
  const { code, stdout } = await project.run(["materialize", "orders"], { env: { CLOSED: "yes" } });
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ orders .*\n    Failure: the shop is closed\n        at orders \(.*\n      opens_at: 9:00\n      tries: 3\n/);
  expect((await project.run(["logs", "last"])).stdout).toMatch(
    /STEP_FAILURE +orders\n         Failure: the shop is closed\n             at orders .*\n           opens_at: 9:00\n           tries: 3\n/,
  );
  const shown = project.plain((await project.run(["show", "orders"])).stdout).replace(/[0-9a-f]{32}/, "HASH");
  expect(shown.split("\n").slice(-6)).toEqual([
    "materialized DAY AND TIME in run RUN_ID_12___",
    "data version HASH",
    "failed       DAY AND TIME in run RUN_ID_12___",
    "! check some",
    "    found: 0",
    "",
  ]);
});
