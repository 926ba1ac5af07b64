import { existsSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { CliProject } from "./cli-project";

const SALES = `
import { writeFileSync } from "node:fs";
import { Asset, dailyPartitions, Definitions, PartitionedAssetContext, Pipeline, weeklyPartitions } from "millrace";
const days = dailyPartitions({ start: "2024-01-01", end: "2024-02-01" });
@Pipeline()
class Sales {
  @Asset({ partitions: days })
  async orders(context: PartitionedAssetContext): Promise<void> {
    if ((process.env.BROKEN ?? "").split(",").includes(context.partitionKey)) throw new Error("no orders");
    if (context.partitionKey === process.env.HANGING) {
      writeFileSync("hanging", "");
      const open = setInterval(() => undefined, 1_000);
      await new Promise((done) => context.signal.addEventListener("abort", done));
      clearInterval(open);
      context.signal.throwIfAborted();
    }
  }
  @Asset({ partitions: weeklyPartitions({ start: "2024-01-01", end: "2024-01-29" }), deps: ["orders"] })
  weekly(): void {}
}
export default new Definitions({ pipelines: [Sales] });
`;

let project: CliProject;
beforeEach(() => {
  project = new CliProject({ "definitions.ts": SALES });
});
afterEach(() => project.remove());

/** Resolves when the step that hangs has begun. */
async function hanging(): Promise<void> {
  while (!existsSync(project.path("hanging"))) await new Promise((done) => setTimeout(done, 10));
}

const out = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
  const { code, stdout, stderr } = await project.run(args, { env });
  return `${project
    .plain(stdout + stderr)
    .replace(/who .*\n/, "who SOMEONE\n")
    .replace(/Backfill [0-9a-f]{12}/g, "Backfill ID_12_______")
    .replace(/(show|retry|resume) [0-9a-f]{12}|(show|retry|resume) RUN_ID_12___/g, "$1$2 ID")}exit ${code}`;
};

test("a dry run tells what would run in how many runs, and stores nothing", async () => {
  expect(await out(["backfill", "orders or weekly", "--partitions", "2024-01-01...2024-01-14", "--dry-run"]))
    .toBe(`asset   count  partitions               why
orders  14     2024-01-01...2024-01-14  asked for
weekly  2      2024-01-07...2024-01-14  made from orders

16 partitions of 2 assets in 16 runs.
exit 0`);
  expect(await out(["backfill", "list"])).toBe("No backfills yet. Try `millrace backfill SELECTION --dry-run`.\nexit 0");
});

test("a dry run tells why: what is missing, what is stale and since when", async () => {
  await project.run(["backfill", "orders or weekly", "--partitions", "2024-01-07...2024-01-13"]);
  await project.run(["materialize", "orders", "--partition", "2024-01-08"]);
  const lines = async (...args: string[]): Promise<string[]> => (await out(["backfill", "orders or weekly", ...args, "--dry-run"])).split("\n\n")[0]!.split("\n"); // prettier-ignore
  expect(await lines("--missing", "--partitions", "2024-01-07...2024-01-14")).toEqual([
    "asset   count  partitions  why",
    "orders  1      2024-01-14  missing",
    "weekly  1      2024-01-14  missing",
  ]);
  const stale = (await lines("--stale", "--partitions", "2024-01-07...2024-01-14")).map((line) => line.replace(/\b[0-9a-f]{8}\b/g, "VERSION").replace(/ {2,}/g, "  ")); // prettier-ignore
  expect(stale).toEqual([
    "asset  count  partitions  why",
    "orders  1  2024-01-14  1 missing",
    "weekly  2  2024-01-07...2024-01-14  1 missing, 1 stale: weekly[2024-01-07] was made from orders[2024-01-08] as it was: data version VERSION, now VERSION",
  ]);
});

test("a backfill that failed tells what is left; retry makes it", async () => {
  const failed = await project.run(["backfill", "orders or weekly", "--partitions", "2024-01-07...2024-01-13", "--max-concurrent", "1", "--reason", "prices"], { env: { BROKEN: "2024-01-08" } }); // prettier-ignore
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain("✗ orders  2024-01-08");
  expect(failed.stdout).toContain("2 partitions were not made: they failed, a blocking check of them did, or they need some that did.");
  const shown = await project.json<{ status: string; why: string; assets: unknown }>(["backfill", "show", "last"]);
  expect({ status: shown.status, why: shown.why, assets: shown.assets }).toEqual({
    status: "FAILURE",
    why: "prices",
    assets: [
      { assetKey: "orders", target: 7, requested: 7, materialized: 6, failed: 1, checkFailed: 0 },
      { assetKey: "weekly", target: 1, requested: 0, materialized: 0, failed: 0, checkFailed: 0 },
    ],
  });
  const again = await project.run(["backfill", "retry", "last"]);
  expect(again.code).toBe(0);
  expect(again.stdout).toContain("✓ orders  2024-01-08\n✓ weekly  2024-01-07\n");
});

test("a killed process's backfill is gone on with: nothing is forgotten, and what ended is not run again", async () => {
  const live = project.start(["backfill", "orders", "--partitions", "2024-01-01...2024-01-06", "--max-concurrent", "1"], {
    env: { HANGING: "2024-01-04" },
  });
  await live.printed("✓ orders  2024-01-03");
  await hanging();
  live.signal("SIGKILL");
  await live.ended;
  const { code, stdout, stderr } = await project.run(["backfill", "resume", "last"]);
  expect({ code, stderr: project.plain(stderr) }).toEqual({
    code: 0,
    stderr:
      "Run RUN was left by a process that is gone; it is now marked FAILURE.\n" +
      "Backfill RUN was left by a process that is gone; go on with `millrace backfill resume RUN_ID_12___`.\n",
  });
  expect(stdout.split("\n").filter((line) => line.startsWith("✓"))).toEqual([
    "✓ orders  2024-01-04",
    "✓ orders  2024-01-05",
    "✓ orders  2024-01-06",
  ]);
});

test("a retry that was killed half-way is gone on with by resume: what it had not come to is made too, nothing twice", async () => {
  const args = ["--partitions", "2024-01-01...2024-01-06", "--max-concurrent", "1"];
  const failed = await project.run(["backfill", "orders", ...args], { env: { BROKEN: "2024-01-02,2024-01-04,2024-01-06" } });
  expect(failed.code).toBe(1);
  const live = project.start(["backfill", "retry", "last"], { env: { HANGING: "2024-01-04" } });
  await live.printed("✓ orders  2024-01-02");
  await hanging();
  live.signal("SIGKILL");
  await live.ended;
  const { code, stdout } = await project.run(["backfill", "resume", "last"]);
  expect(code).toBe(0);
  expect(stdout.split("\n").filter((line) => line.startsWith("✓"))).toEqual(["✓ orders  2024-01-04", "✓ orders  2024-01-06"]);
});

test("what another process drives is refused with its name; canceled while its driver dies, it is CANCELED for the next command", async () => {
  const live = project.start(["backfill", "orders", "--partitions", "2024-01-01...2024-01-06", "--max-concurrent", "1"], {
    env: { HANGING: "2024-01-02" },
  });
  await hanging();
  const { id, driver } = await project.json<{ id: string; driver: { pid: number; host: string } }>(["backfill", "show", "last"]);
  expect(driver.pid).toBe(live.pid);
  for (const verb of ["resume", "retry"])
    expect((await project.run(["backfill", verb, "last"])).stderr).toBe(
      `BACKFILL.DRIVEN_ELSEWHERE Process ${live.pid} on ${driver.host} drives backfill ${id}, which is RUNNING.
  → Let it go on (\`millrace backfill show ${id}\`), or stop it: \`millrace backfill pause ${id}\`.
`,
    );
  expect((await project.run(["backfill", "show", "last"])).stdout).toContain(`Process ${live.pid} on ${driver.host} drives it.`);
  live.signal("SIGSTOP");
  expect(await project.json(["backfill", "cancel", "last"])).toEqual({ id, status: "CANCELING" });
  live.signal("SIGKILL");
  await live.ended;
  const { stderr, stdout } = await project.run(["backfill", "list", "--json"]);
  expect(stderr).toContain(`Backfill ${id} was left by a process that is gone; it is now CANCELED.\n`);
  expect(JSON.parse(stdout)).toMatchObject([{ id, status: "CANCELED" }]);
});

test("Ctrl-C pauses; another terminal cancels for good", async () => {
  const live = project.start(["backfill", "orders", "--partitions", "2024-01-01...2024-01-06", "--max-concurrent", "1"], {
    env: { HANGING: "2024-01-02" },
  });
  await live.printed("✓ orders  2024-01-01");
  await hanging();
  live.signal("SIGINT");
  const ended = await live.ended;
  expect({ code: ended.code, paused: ended.stdout.includes("is paused after") }).toEqual({ code: 130, paused: true });
  expect(await project.json(["backfill", "cancel", "last"])).toMatchObject({ status: "CANCELED" });
  const { stderr, code } = await project.run(["backfill", "resume", "last"]);
  expect(code).toBe(2);
  expect(stderr).toContain("is CANCELED; there is nothing to resume.");
});

test("what cannot be meant is refused", async () => {
  expect(await out(["backfill", "foo", "bar"])).toBe(
    'CLI.BACKFILL "foo" is nothing that can be done with backfill bar.\n  → Write one of show, cancel, pause, resume, retry, or put a selection into quotes.\nexit 2',
  );
  expect(await out(["backfill", "orders", "--max-concurrent", "none"])).toBe(
    "BACKFILL.CONCURRENCY A backfill cannot have NaN runs at once.\n  → Give a whole number, 1 or more.\nexit 2",
  );
  expect(await out(["backfill", "orders", "--order", "random"])).toBe(
    'BACKFILL.ORDER The order "random" is none.\n  → Give `oldest` or `newest`.\nexit 2',
  );
  expect(await out(["backfill", "show", "nothing"])).toBe(
    'BACKFILL.UNKNOWN There is no backfill "nothing".\n  → See `millrace backfill list`; the word `last` names the latest.\nexit 2',
  );
});

test("materialize --missing, --failed and --stale make what is left of divided assets", async () => {
  const week = ["--partitions", "2024-01-01...2024-01-03"];
  const some = await project.run(["materialize", "orders", "--missing", ...week], { env: { BROKEN: "2024-01-02" } });
  expect(some).toMatchObject({ code: 1, stdout: expect.stringContaining("3 partitions of 1 asset in 3 runs.") as string });
  expect(await project.run(["materialize", "orders", "--failed", ...week])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("1 partition of 1 asset in 1 run.") as string,
  });
  expect(await out(["materialize", "orders", "--failed"])).toBe("Nothing has failed.\nexit 0");
  expect(await out(["materialize", "orders", "--missing", ...week])).toBe("Nothing is missing.\nexit 0");
  expect(await out(["materialize", "orders", "--stale", ...week])).toBe("Nothing is stale or missing.\nexit 0");
  expect((await project.run(["materialize", "orders", "--stale", ...week, "--json"])).stdout).toBe("null\n");
});

const LIMITED = `
import { IsInt, Max } from "class-validator";
import { Asset, Config, configFor, dailyPartitions, defineAssetJob, Definitions, PartitionedAssetContext, Pipeline, ref } from "millrace";
class FetchConfig extends Config {
  @IsInt() @Max(10) limit = 1;
}
@Pipeline()
class Sales {
  @Asset({ partitions: dailyPartitions({ start: "2024-01-01", end: "2024-01-03" }) })
  orders(context: PartitionedAssetContext, { limit }: FetchConfig): void {
    console.error(\`\${context.partitionKey} limit \${limit}\`);
    if (process.env.BROKEN) throw new Error("no orders");
  }
}
const nightly = defineAssetJob({ name: "nightly", selection: "orders", config: [configFor(ref(Sales, "orders"), { limit: 7 })] });
export default new Definitions({ pipelines: [Sales], jobs: [nightly] });
`;

test("--config, and a job's own, is that of every run of a backfill, also of a retry", async () => {
  symlinkSync(dirname(require.resolve("class-validator/package.json")), project.path("node_modules/class-validator"));
  project.write({ "definitions.ts": LIMITED, "run.yaml": "assets: { orders: { limit: 5 } }\n" });
  const limits = async (): Promise<unknown> => {
    const runs = await project.json<{ config: unknown }[]>(["runs"]);
    return runs.map(({ config }) => config);
  };
  const of = (limit: number) => ({ assets: { orders: { limit } } });
  expect((await project.run(["backfill", "orders", "--config", "run.yaml"], { env: { BROKEN: "1" } })).code).toBe(1);
  expect((await project.run(["backfill", "retry", "last"])).code).toBe(0);
  expect(await limits()).toEqual([of(5), of(5), of(5), of(5)]);
  expect((await project.run(["backfill", "show", "last"])).stdout).toContain('config {"assets":{"orders":{"limit":5}}}\n');
  expect((await project.run(["wipe", "orders", "--yes"])).code).toBe(0);
  expect((await project.run(["materialize", "--job", "nightly", "--missing", "--partitions", "2024-01-01"])).code).toBe(0);
  expect((await project.run(["materialize", "orders", "--missing", "--config", '{"assets":{"orders":{"limit":9}}}'])).code).toBe(0);
  expect(await limits()).toEqual([of(9), of(7), of(5), of(5), of(5), of(5)]);
  const refused = await project.run(["backfill", "orders", "--config", '{"assets":{"orders":{"limit":11,"limt":1}}}']);
  expect({ code: refused.code, told: /limt[^]*limit/.test(refused.stderr) }).toEqual({ code: 4, told: true });
  expect(await project.json(["backfill", "list"])).toHaveLength(3);
});

const VERSIONED = `
import { Asset, dailyPartitions, Definitions, MaterializeResult, Pipeline, weeklyPartitions } from "millrace";
@Pipeline()
class Sales {
  @Asset({ partitions: dailyPartitions({ start: "2024-01-01", end: "2024-01-08" }), codeVersion: process.env.CODE ?? "1" })
  raw(): MaterializeResult<number> {
    return new MaterializeResult({ value: 1, dataVersion: "same" });
  }
  @Asset({ partitions: weeklyPartitions({ start: "2024-01-01", end: "2024-01-08", dayOffset: 1 }), codeVersion: "1", deps: ["raw"] })
  weekly(): void {}
}
export default new Definitions({ pipelines: [Sales] });
`;

test("what is stale and comes out the same is told as reused; --force makes it all the same", async () => {
  project.write({ "definitions.ts": VERSIONED });
  expect((await project.run(["backfill", "*"])).code).toBe(0);
  const { code, stdout } = await project.run(["materialize", "*", "--stale"], { env: { CODE: "2" } });
  expect(code).toBe(0);
  expect(stdout.split("\n").filter((line) => line.includes("weekly"))).toEqual([
    expect.stringContaining("weekly  1      2024-01-01") as string,
    "= weekly  2024-01-01  reused",
  ]);
  expect(await out(["list", "--stale"], { CODE: "2" })).toBe("Nothing is stale or missing.\nexit 0");
  const forced = await project.run(["materialize", "*", "--stale", "--force"], { env: { CODE: "3" } });
  expect(forced.stdout).toContain("✓ weekly  2024-01-01\n");
});
