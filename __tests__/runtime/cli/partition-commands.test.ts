import { CliProject } from "./cli-project";

const WEEK = `
import { Asset, Definitions, Pipeline, PartitionedAssetContext, dailyPartitions, dynamicPartitions } from "millrace";

@Pipeline()
export class Days {
  @Asset({ partitions: dailyPartitions({ start: "2024-01-01", end: "2024-01-11" }) }) sales(context: PartitionedAssetContext): number {
    if (context.partitionKey === "2024-01-03") throw new Error("closed");
    return 1;
  }
  @Asset() report(): number { return 1; }
  @Asset({ partitions: dynamicPartitions("customers") }) byCustomer(): void {}
}
export default new Definitions({ pipelines: [Days] });
`;

let project: CliProject;
beforeAll(async () => {
  project = new CliProject({ "definitions.ts": WEEK });
  for (const day of ["2024-01-01", "2024-01-02", "2024-01-03"]) await project.run(["materialize", "sales", "--partition", day]);
}, 60_000);
afterAll(() => project.remove());

describe("millrace partitions", () => {
  test("draws all partitions in one line, and lists those of each state", async () => {
    const { code, stdout, stderr } = await project.run(["partitions", "sales"]);
    expect(stdout).toBe(`sales  10 partitions: 2024-01-01 to 2024-01-10

██✗·······
█ materialized  ▄ in part  · missing  ✗ failed  ! check failed  ▸ in progress

materialized         2  2024-01-01...2024-01-02
failed               1  2024-01-03
missing              7  2024-01-04...2024-01-10
`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("gives every range as JSON", async () => {
    const { stdout } = await project.run(["partitions", "sales", "--json"]);
    expect((JSON.parse(stdout) as { states: unknown }).states).toEqual({
      materialized: { count: 2, ranges: [["2024-01-01", "2024-01-02"]] },
      failed: { count: 1, ranges: [["2024-01-03", "2024-01-03"]] },
      "check failed": { count: 0, ranges: [] },
      "in progress": { count: 0, ranges: [] },
      missing: { count: 7, ranges: [["2024-01-04", "2024-01-10"]] },
    });
  });

  test.each([
    [["partitions", "sale"], 'ASSET.UNKNOWN There is no asset "sale".\n  → Did you mean "sales"?\n'],
    [["partitions", "report"], 'ASSET.NOT_DIVIDED "report" has no partitions.\n  → See `millrace show report`.\n'],
    [["wipe", "sales"], "REQUEST.WIPE_UNCONFIRMED Wiping asks first, and there is no terminal to ask.\n  → Add --yes.\n"],
    [
      ["wipe", "sales", "--yes", "--partitions", "2024-01-00"],
      'REQUEST.UNKNOWN_PARTITION There is no partition "2024-01-00".\n  → Did you mean "2024-01-10"? Partitions go from "2024-01-01" to "2024-01-10".\n',
    ],
    [["dynamic", "customers", "acme"], 'REQUEST.DYNAMIC_KEYS What is to become of "acme"?\n  → Write --add or --delete.\n'],
    [
      ["dynamic", "custmers", "acme", "--add"],
      'REQUEST.DYNAMIC_NAME No asset has dynamic partitions "custmers". Did you mean "customers"?\n  → There are "customers".\n',
    ],
    [
      ["materialize", "sales", "--partitions", "2024-01-01..2024-01-02"],
      'REQUEST.PARTITION_RANGE "2024-01-01..2024-01-02" is no range of partitions.\n  → Write "2024-01-01...2024-01-02", both included.\n',
    ],
    [
      ["materialize", "sales", "--missing", "--failed"],
      "CLI.REPROCESS --missing and --failed are given together.\n  → Give one of them; --stale also makes what is missing.\n",
    ],
    [
      ["backfill", "sales", "--failed", "--stale"],
      "CLI.REPROCESS --failed and --stale are given together.\n  → Give one of them; --stale also makes what is missing.\n",
    ],
    [
      ["materialize", "report", "--force"],
      "CLI.FORCE --force is given without --stale.\n  → Add --stale, or leave it out: only --stale reuses what there is.\n",
    ],
  ])("refuses %j", async (args, message) => {
    const { code, stdout, stderr } = await project.run(args);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: message });
  });
});

test("millrace wipe makes partitions missing, and the asset's history says so", async () => {
  const { stdout } = await project.run(["wipe", "sales", "--partitions", "2024-01-02...2024-01-03", "--yes", "--reason", "wrong shop"]);
  expect(stdout).toBe('Wiped 2 partitions of "sales": missing until materialized again.\n');
  const after = await project.run(["partitions", "sales"]);
  expect(after.stdout).toContain("█·········\n");
});

test("millrace dynamic adds, lists and deletes keys, and says twice what is there already", async () => {
  const printed = async (...args: string[]): Promise<string> => (await project.run(["dynamic", "customers", ...args])).stdout;
  expect(await printed()).toBe('"customers" has no key.\n');
  expect(await printed("acme", "globex", "--add")).toBe('Added 2 keys; "customers" has 2 now.\n');
  expect(await printed("globex", "initech", "--add")).toBe('Added 1 key; "customers" has 3 now.\n');
  expect(await printed("acme", "--delete")).toBe('Deleted 1 key; "customers" has 2 now. Their history stays.\n');
  expect(await printed()).toBe("globex\ninitech\n");
});
