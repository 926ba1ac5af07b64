import { openStore } from "../../../runtime/store/store-proxy";
import { PostgresServer } from "../../../tools/servers/postgres";
import { CliProject } from "./cli-project";

const SHOP = `
import { Asset, AssetCheck, AssetCheckResult, dailyPartitions, Definitions, Pipeline } from "millrace";
const days = dailyPartitions({ start: "2024-01-01", end: "2024-01-05" });
@Pipeline()
class Shop {
  @Asset({ partitions: days }) orders(): void {}
  @Asset({ deps: ["orders"] }) report(): number { return 1; }
  @AssetCheck({ asset: "report" }) whole(): AssetCheckResult { return new AssetCheckResult({ passed: true }); }
}
export default new Definitions({ pipelines: [Shop] });
`;

let server: PostgresServer;
let project: CliProject;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  project = new CliProject({ "definitions.ts": SHOP });
});
afterEach(() => project.remove());

const out = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
  const { code, stdout, stderr } = await project.run(args, { env });
  return code === 0 ? stdout : `${code} ${stderr}`;
};

test("a project works with its store on Postgres when one variable says so, and tells its password nowhere", async () => {
  const env = { MILLRACE_DATABASE_URL: server.urlOf("postgres") };
  expect((await project.run(["backfill", "orders", "--partitions", "2024-01-01...2024-01-03"], { env })).code).toBe(0);
  expect((await project.run(["materialize", "report"], { env })).code).toBe(0);
  const told = [await out(["status"], env), await out(["status", "--json"], env), await out(["partitions", "orders"], env), await out(["logs", "last"], env)]; // prettier-ignore
  expect(told[0]).toContain(
    `store        postgres://postgres@127.0.0.1:${server.port}/postgres (schema millrace) (schema version 5, fsync NORMAL)\n`,
  );
  expect(told[0]).toContain("4 SUCCESS");
  expect(told[2]).toContain("materialized         3  2024-01-01...2024-01-03");
  for (const text of told) expect(text).not.toMatch(/p@ss|p%40ss/);
});

test("millrace.config.ts names the database as well; an address that is none is told without what it hides", async () => {
  const database = await server.createDatabase();
  project.write({ "millrace.config.js": `module.exports = { store: ${JSON.stringify(`${database}?schema=orders`)} };` });
  expect(await out(["status"])).toContain("(schema orders)");
  const fix = "  → Write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an @ in the password, %2F for a / and %3A for a :.\n";
  for (const [url, wrong] of [
    ["mysql://me:hunter2@db/x", ": it begins with mysql:"],
    ["postgres://me:hunter2/x@db:port/x", ""],
    ["postgres://db/x", ": it names no user"],
    ["postgres://me:hunter2@db/x?schema=Orders-2", ": schema=Orders-2 is no name of small letters, digits and _"],
    ["postgres://me:hunter2@db/x?migrate=no", ": migrate=no is neither on nor off"],
  ] as const)
    expect(await out(["status"], { MILLRACE_DATABASE_URL: url })).toBe(`4 CONFIG.DATABASE_URL The store's address is no URL of a Postgres database${wrong}.\n${fix}`); // prettier-ignore
});

test("millrace migrate --dry-run prints SQL that makes the schema by hand; then nothing is missing", async () => {
  const database = await server.createDatabase();
  const env = { MILLRACE_DATABASE_URL: `${database}?migrate=off` };
  const sql = await out(["migrate", "--dry-run"], env);
  expect(sql).toMatch(/^begin;\n/);
  expect(await out(["status"], env)).toMatch(/^5 STORE.NOT_MIGRATED /);
  await server.query(sql, database);
  expect(await out(["migrate", "--dry-run"], env)).toBe("-- Nothing is missing.\n");
  expect(await out(["status"], env)).toContain("none yet");
  expect(await out(["migrate"], env)).toMatch(/^The store postgres:\/\/postgres@.* is up to date\.\n$/);
});

test("millrace store copy moves all of a file with its numbers into Postgres, and the next numbers are new ones", async () => {
  expect((await project.run(["backfill", "orders", "--partitions", "2024-01-01...2024-01-03"])).code).toBe(0);
  expect((await project.run(["materialize", "report"])).code).toBe(0);
  await project.run(["wipe", "orders", "--partitions", "2024-01-02", "--yes"]);
  const to = await server.createDatabase();
  const env = { MILLRACE_DATABASE_URL: to };
  const { rows } = await project.json<{ rows: Record<string, number> }>(["store", "copy", "--to", to]);
  expect(rows).toMatchObject({ run: 4, backfill: 1, partition_layout: 1 });
  const inDatabase = await server.query<{ n: number }>("select count(*)::int as n from millrace.event", to);
  expect(inDatabase).toEqual([{ n: rows.event }]);
  const same = async (...args: string[]): Promise<void> => expect(await out(args, env)).toBe(await out(args));
  await same("runs", "--json");
  await same("logs", "last", "--json");
  await same("list", "--json");
  await same("partitions", "orders", "--json");
  await same("backfill", "show", "last", "--json");

  expect(await out(["store", "copy", "--to", to])).toMatch(/^5 STORE.NOT_EMPTY The store .* holds something already: rows of run, .*\n {2}→ Copy into an empty database or schema, or add --replace/); // prettier-ignore
  expect(await out(["store", "copy", "--to", to, "--replace"])).toMatch(/\nevent +\d+\n[^]*\nCopied .*millrace\.db into postgres:\/\/postgres@.*; both have as many rows\. Set MILLRACE_DATABASE_URL to use it\.\n$/); // prettier-ignore

  const last = await server.query<{ id: string }>("select max(id) as id from millrace.event", to);
  expect((await project.run(["materialize", "report"], { env })).code).toBe(0);
  const store = await openStore({ path: to });
  const [newest] = await store.assetEvents({ assetKey: "report", limit: 1 });
  expect(newest?.id).toBeGreaterThan(Number(last[0]?.id));
  expect(await store.countRuns()).toEqual({ SUCCESS: 5 });
  await store.close();
});

test("millrace store copy refuses what it cannot copy", async () => {
  expect(await out(["store", "copy", "--to", server.url])).toBe(
    `2 REQUEST.NO_STORE There is no store at ${project.path(".millrace", "millrace.db")}.\n  → Call it in the project whose store it is.\n`,
  );
  await out(["materialize", "report"]);
  expect(await out(["store", "copy", "--to", "other.db"])).toMatch(/^2 REQUEST.COPY A store is copied from a file into a Postgres database\.\n/); // prettier-ignore
  const path = project.path(".millrace", "millrace.db");
  const store = await openStore({ path });
  const owner = { pid: process.pid, processStartedAt: "0", bootId: "b", host: "elsewhere" };
  const run = { id: "going", tags: {}, selection: "*", codeVersion: "v", createdAtMs: 1, plan: {}, config: {}, steps: [], events: [] };
  await store.createRun({ ...run, status: "NOT_STARTED", claimedBy: { owner, leaseMs: 1e12 } });
  await store.close();
  expect(await out(["store", "copy", "--to", await server.createDatabase()])).toMatch(/^5 STORE.IN_USE Run going has not ended; /);
});
