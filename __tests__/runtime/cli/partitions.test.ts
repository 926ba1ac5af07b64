import { CliProject } from "./cli-project";

const DAYS = `
import { Asset, byPartition, dailyPartitions, Definitions, PartitionedAssetContext, Pipeline } from "millrace";

@Pipeline()
class Days {
  @Asset({ partitions: dailyPartitions({ start: "2025-01-01", end: "2025-01-11" }) })
  orders(context: PartitionedAssetContext): unknown {
    const rows = (function* () {
      for (const key of context.partitionKeys) {
        if (key === process.env.BROKEN) throw new Error("no rows of " + key);
        yield [key, key.length] as const;
      }
    })();
    return byPartition(rows);
  }
  @Asset() settings(): number {
    return 1;
  }
}
export default new Definitions({ pipelines: [Days] });
`;

let days: CliProject;
beforeEach(() => {
  days = new CliProject({ "definitions.ts": DAYS });
});
afterEach(() => days.remove());

describe("partitions on the command line", () => {
  test("are asked for by a key, and told in runs and show", async () => {
    const { code, stdout } = await days.run(["materialize", "orders", "--partition", "2025-01-02"]);
    expect([code, days.plain(stdout).split("\n").at(-2)]).toEqual([0, "Run RUN_ID_12___ succeeded in TIME: 1 asset materialized."]);
    const runs = await days.run(["runs"]);
    expect(runs.stdout).toContain("orders for 2025-01-02");
    expect((await days.run(["runs", "last"])).stdout).toContain("partitions 2025-01-02\nstarted");
    expect((await days.run(["show", "orders"])).stdout).toMatch(/in run \w+, partition 2025-01-02\n/);
  });

  test("are asked for as a range, which is one run", async () => {
    const { code, stdout } = await days.run(["materialize", "--partitions", "2025-01-02...2025-01-04"]);
    const last = days.plain(stdout).split("\n").at(-2);
    expect([code, last]).toEqual([0, "Run RUN_ID_12___ succeeded in TIME: 2 assets materialized in 3 partitions."]);
    expect((await days.run(["runs"])).stdout).toContain("* for 2025-01-02...2025-01-04");
  });

  test("that were not given are made by a retry in another process, and no others", async () => {
    const failed = await days.run(["materialize", "orders", "--partitions", "2025-01-02...2025-01-05"], { env: { BROKEN: "2025-01-04" } });
    expect([failed.code, days.plain(failed.stdout)]).toEqual([
      1,
      expect.stringContaining("1 asset materialized in 2 partitions, 1 step failed."),
    ]);
    expect((await days.run(["retry", "last"])).stdout).toContain("1 asset materialized in 2 partitions.");
    expect((await days.run(["runs", "last"])).stdout).toContain("partitions 2025-01-04...2025-01-05");
  });

  test("that do not exist end with 2 and the nearest", async () => {
    expect(await days.run(["materialize", "orders", "--partition", "2025-01-1"])).toEqual({
      code: 2,
      signal: null,
      stdout: "",
      stderr:
        'REQUEST.UNKNOWN_PARTITION There is no partition "2025-01-1".\n  → Did you mean "2025-01-10"? Partitions go from "2025-01-01" to "2025-01-10".\n',
    });
  });
});
