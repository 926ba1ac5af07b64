import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SCHEMA_VERSION } from "../../../src/storage/sql/migrate";
import { CliProject, inOrder, normalized, SHOP } from "./cli-project";

let shop: CliProject;
beforeEach(() => {
  shop = new CliProject({ "definitions.ts": SHOP });
});
afterEach(() => shop.remove());

describe("millrace materialize", () => {
  test("tells of each step in plain lines when there is no terminal, then of the results", async () => {
    const { code, stdout, stderr } = await shop.run(["materialize", "group:sales"]);
    expect(shop.plain(stdout)).toBe(`Run RUN_ID_12___: 2 assets, 1 check
  raw_orders │ fetching {"page":1}
  raw_orders │ 2 orders
✓ raw_orders  TIME
✓ clean_orders  TIME
✓ check clean_orders#has_orders  TIME  1 left

raw_orders
  rows  2

Run RUN_ID_12___ succeeded in TIME: 2 assets materialized.
`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("ends with 1 after a failure, and says what failed, what did not run, and what to do", async () => {
    const { code, stdout, stderr } = await shop.run(["materialize"]);
    expect(shop.plain(stdout)).toBe(`Run RUN_ID_12___: 4 assets, 1 check
  raw_orders │ fetching {"page":1}
  raw_orders │ 2 orders
✓ raw_orders  TIME
✓ clean_orders  TIME
✓ check clean_orders#has_orders  TIME  1 left
✗ broken  TIME
    Error: no column price
        at broken (ROOT/definitions.ts:30:11)
– after  not run: "broken" failed

raw_orders
  rows  2

Run RUN_ID_12___ failed in TIME: 2 assets materialized, 1 step failed, 1 step not run.
See \`millrace logs RUN_ID_12___\`; \`millrace retry RUN_ID_12___\` runs again what did not succeed.
`);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  });

  test("--json gives one value: the run, its steps, its events", async () => {
    const { code, stdout } = await shop.run(["materialize", "raw_orders", "--tag", "ticket=42", "--json"]);
    expect(code).toBe(0);
    const value = JSON.parse(stdout) as { events: { type: string; seq: number }[] };
    expect(value.events.map(({ seq }) => seq)).toEqual(value.events.map((_, index) => index + 1));
    expect(normalized({ ...value, events: inOrder(value.events) }, shop.root)).toMatchSnapshot();
  });
});

describe("millrace list", () => {
  test("puts parents above their children", async () => {
    await shop.run(["materialize", "raw_orders"]);
    const { code, stdout } = await shop.run(["list"]);
    expect(shop.plain(stdout)).toBe(`asset         group  kinds  materialized         needs
raw_orders    sales  json   DAY AND TIME
clean_orders  sales         never                raw_orders
broken        later         never                clean_orders
after         later         never                broken
`);
    expect(code).toBe(0);
  });

  test("--json gives each asset with the latest of its events", async () => {
    await shop.run(["materialize", "group:sales"]);
    expect(normalized(await shop.json(["list", "clean_orders or after"]), shop.root)).toMatchSnapshot();
  });
});

describe("millrace show", () => {
  test("tells what an asset is, what it needs, and what became of it", async () => {
    await shop.run(["materialize", "group:sales"]);
    const raw = await shop.run(["show", "raw_orders"]);
    expect(shop.plain(raw.stdout).replace(/[0-9a-f]{32}/, "HASH")).toMatchSnapshot();
    const clean = await shop.run(["show", "clean_orders"]);
    expect(shop.plain(clean.stdout).replace(/[0-9a-f]{32}/, "HASH")).toMatchSnapshot();
  });

  test("--json gives its specification, its children, its checks and its latest events", async () => {
    await shop.run(["materialize", "group:sales"]);
    expect(normalized(await shop.json(["show", "clean_orders"]), shop.root)).toMatchSnapshot();
  });
});

describe("millrace check", () => {
  test("counts what it has looked at", async () => {
    expect(await shop.run(["check"])).toMatchObject({
      code: 0,
      stdout: "✓ 4 assets, 1 check, 5 computations, 0 resources: no problem found.\n",
      stderr: "",
    });
    expect(await shop.json(["check"])).toEqual({ ok: true, problems: [], warnings: [] });
  });

  test("names every problem and ends with 1", async () => {
    shop.write({ "definitions.ts": SHOP.replace('@Own("rawOrders")', '@Own("rawOrder")') });
    const { code, stdout, stderr } = await shop.run(["check"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(shop.plain(stderr)).toMatchSnapshot();
    const json = await shop.run(["check", "--json"]);
    expect({ code: json.code, value: JSON.parse(json.stdout) as unknown }).toEqual({
      code: 1,
      value: {
        ok: false,
        problems: [
          {
            code: "DEFINITION.NO_ASSET",
            message: 'Shop.rawOrder is taken, but that is no asset. Did you mean "rawOrders"?',
            site: expect.stringMatching(/^Shop\.cleanOrders \(definitions\.ts:\d+\)$/),
            fix: 'Write "rawOrders", or put @Asset() on Shop.rawOrder.',
          },
        ],
      },
    });
  });
});

describe("millrace runs", () => {
  test("lists the latest runs first", async () => {
    expect((await shop.run(["runs"])).stdout).toBe("No runs yet. Try `millrace materialize`.\n");
    await shop.run(["materialize", "raw_orders"]);
    await shop.run(["materialize", "broken"]);
    const lines = shop.plain((await shop.run(["runs"])).stdout).replace(/ +/g, " ");
    expect(lines).toBe(`run status started took selection
RUN_ID_12___ FAILURE DAY AND TIME TIME broken
RUN_ID_12___ SUCCESS DAY AND TIME TIME raw_orders
`);
    expect(normalized(await shop.json(["runs", "--status", "success", "--limit", "1"]))).toMatchSnapshot();
  });

  test("lists those with a tag and of a stretch of time", async () => {
    await shop.run(["materialize", "raw_orders", "--tag", "team=data"]);
    await shop.run(["materialize", "raw_orders", "--tag", "team=web"]);
    const tags = async (...flags: string[]) => (await shop.json<{ tags: object }[]>(["runs", ...flags])).map((run) => run.tags);
    expect(await tags("--tag", "team=data")).toEqual([{ team: "data" }]);
    expect(await tags("--since", "1h")).toEqual([{ team: "web" }, { team: "data" }]);
    expect(await tags("--since", "2001-01-01", "--until", "2001-02-01T00:00:00Z")).toEqual([]);
    expect((await shop.run(["runs", "--until", "2001-01-01"])).stdout).toBe("No run is what was asked for.\n");
    const refused = await shop.run(["runs", "--since", "yesterday"]);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      `CLI.INSTANT --since is "yesterday", which is no point in time.
  → Write a date or an instant (2026-01-31, 2026-01-31T12:00:00Z), or how long ago: 30m, 12h, 7d.
`,
    ]);
  });

  test("tells of one run: its steps, and what failed", async () => {
    await shop.run(["materialize"]);
    const { code, stdout } = await shop.run(["runs", "last"]);
    expect(code).toBe(0);
    expect(shop.plain(stdout).replace(/ +/g, " ")).toBe(`Run RUN FAILURE
selection *
started DAY AND TIME, took TIME

step status attempts took
raw_orders SUCCESS 1 TIME
clean_orders SUCCESS 1 TIME
clean_orders#has_orders SUCCESS 1 TIME
broken FAILURE 1 TIME
after NOT_RUN 0

broken
 Error: no column price
 at broken (ROOT/definitions.ts:30:11)
`);
    expect(normalized(await shop.json(["runs", "last"]))).toMatchSnapshot();
  });
});

describe("millrace logs", () => {
  test("tells every event of a run in its order, what a step says before its end", async () => {
    await shop.run(["materialize", "raw_orders"]);
    const { code, stdout } = await shop.run(["logs", "last"]);
    expect(code).toBe(0);
    const lines = stdout.replace(/\d\d:\d\d:\d\d/g, "AT").split("\n");
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(lines.slice(1).filter((line) => !line.includes("PUBLISH"))).toEqual([
      "AT ASSET_MATERIALIZATION_PLANNED  raw_orders",
      "AT RUN_START",
      "AT STEP_START                     raw_orders",
      'AT LOG                            raw_orders fetching {"page":1}',
      "AT OUTPUT                         raw_orders 2 orders",
      "AT HANDLED_OUTPUT                 raw_orders",
      "AT ASSET_MATERIALIZATION          raw_orders",
      "AT STEP_SUCCESS                   raw_orders",
      "AT RUN_SUCCESS",
      "",
    ]);
  });

  test("--json gives one event a line, without a gap", async () => {
    await shop.run(["materialize", "raw_orders"]);
    const { stdout } = await shop.run(["logs", "last", "--json"]);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { seq: number; type: string });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)).toEqual({
      id: expect.any(Number),
      runId: expect.any(String),
      seq: events.length,
      type: "RUN_SUCCESS",
      atMs: expect.any(Number),
      payload: {},
    });
  });
});

describe("millrace retry", () => {
  test("runs again what did not succeed, with the rest loaded as it was stored", async () => {
    await shop.run(["materialize"]);
    const again = await shop.run(["retry", "last"], { env: { MENDED: "yes" } });
    expect(shop.plain(again.stdout)).toBe(`Run RUN_ID_12___: 2 assets, 0 checks
✓ broken  TIME
✓ after  TIME

Run RUN_ID_12___ succeeded in TIME: 2 assets materialized.
`);
    const [retried, first] = await shop.json<{ id: string; parentRunId?: string; rootRunId?: string }[]>(["runs"]);
    expect(retried).toMatchObject({ parentRunId: first?.id, rootRunId: first?.id });
    const done = await shop.run(["retry", "last"]);
    expect({ code: done.code, stderr: shop.plain(done.stderr) }).toEqual({
      code: 2,
      stderr: "RUN.NOTHING_TO_RETRY Every step of run RUN succeeded.\n  → Materialize what you want again.\n",
    });
  });
});

describe("millrace cancel", () => {
  test("says that a run has ended already", async () => {
    await shop.run(["materialize", "raw_orders"]);
    expect(shop.plain((await shop.run(["cancel", "last"])).stdout)).toBe("Run RUN_ID_12___ has ended already: SUCCESS.\n");
    expect(normalized(await shop.json(["cancel", "last"]))).toEqual({ runId: "run", status: "SUCCESS" });
  });
});

describe("millrace status", () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, "../../../package.json"), "utf8")) as { version: string };

  test("tells versions, store, definitions and runs by state", async () => {
    await shop.run(["materialize", "raw_orders"]);
    expect(shop.plain((await shop.run(["status"])).stdout)).toBe(`millrace     ${version} on Node ${process.versions.node}
store        ROOT/.millrace/millrace.db (schema version ${SCHEMA_VERSION}, fsync NORMAL)
definitions  ROOT/definitions.ts
runs         1 SUCCESS
`);
    expect(normalized(await shop.json(["status"], { env: { MILLRACE_CONCURRENCY: "3" } }), shop.root)).toEqual({
      versions: { millrace: version, node: process.versions.node },
      store: { schemaVersion: SCHEMA_VERSION, path: "ROOT/.millrace/millrace.db", fsync: "NORMAL" },
      settings: {
        root: "ROOT",
        definitions: "ROOT/definitions.ts",
        home: "ROOT/.millrace",
        fsync: "NORMAL",
        concurrency: 3,
        cancelGraceMs: "ms",
        logLevel: "info",
      },
      runs: { SUCCESS: 1 },
      running: [],
    });
  });
});

describe("the command line", () => {
  test("teaches with --help: selections, where to start, configuration, exit codes", async () => {
    const { code, stdout, stderr } = await shop.run(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatchSnapshot();
  });

  test.each([
    "materialize",
    "list",
    "show",
    "jobs",
    "check",
    "backfill",
    "partitions",
    "dynamic",
    "wipe",
    "runs",
    "logs",
    "retry",
    "cancel",
    "status",
    "migrate",
    "store",
  ])("teaches %s with its own --help", async (command) => {
    const { code, stdout } = await shop.run([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatchSnapshot();
  });

  test("knows its version", async () => {
    expect(await shop.run(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
  });

  test("answers a wrong line with what is wrong and exits with 2", async () => {
    const answer = async (...args: string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await shop.run(args);
      return { code, stdout, stderr: shop.plain(stderr) };
    };
    const hint = "(millrace --help tells what can be written here)\n";
    expect(await answer("materialise")).toEqual({
      code: 2,
      stdout: "",
      stderr: `error: unknown command 'materialise'\n(Did you mean materialize?)\n${hint}`,
    });
    expect(await answer("list", "--jsn")).toEqual({
      code: 2,
      stdout: "",
      stderr: `error: unknown option '--jsn'\n(Did you mean --json?)\n${hint}`,
    });
    expect(await answer("show")).toEqual({ code: 2, stdout: "", stderr: `error: missing required argument 'key'\n${hint}` });
    expect(await answer("materialize", "--tag", "ticket")).toEqual({
      code: 2,
      stdout: "",
      stderr: 'CLI.TAG "ticket" is no tag.\n  → Write --tag key=value.\n',
    });
    expect(await answer("runs", "--status", "dead")).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'CLI.STATUS "dead" is no state of a run.\n  → Give one of QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING, SUCCESS, FAILURE, CANCELED.\n',
    });
    expect(await answer("runs", "--limit", "0")).toEqual({
      code: 2,
      stdout: "",
      stderr: "CLI.LIMIT --limit is 0.\n  → Give a whole number, 1 or more.\n",
    });
    expect(await answer("logs", "last")).toEqual({
      code: 2,
      stdout: "",
      stderr: "RUN.UNKNOWN There is no run yet.\n  → Make one: `millrace materialize`.\n",
    });
  });

  test("survives a reader that goes away", async () => {
    await shop.run(["materialize", "raw_orders"]);
    const live = shop.start(["logs", "last"]);
    live.closeOutput();
    expect(await live.ended).toMatchObject({ code: 0, stderr: "" });
  });

  test("goes on with a run whose reader went away", async () => {
    const live = shop.start(["materialize", "group:sales"]);
    live.closeOutput();
    expect(await live.ended).toMatchObject({ code: 0, stderr: "" });
    expect(await shop.json(["runs", "last"])).toMatchObject({ status: "SUCCESS" });
  });
});

describe("a project", () => {
  test("is found from any folder below it", async () => {
    shop.write({ "deep/below/notes.txt": "" });
    await shop.run(["materialize", "raw_orders"], { cwd: "deep/below" });
    const { stdout } = await shop.run(["status"], { cwd: "deep" });
    expect(shop.plain(stdout)).toContain("store        ROOT/.millrace/millrace.db");
    expect(shop.plain(stdout)).toContain("runs         1 SUCCESS");
  });

  test("takes its settings from millrace.config.ts, above it .env, above both MILLRACE_* variables", async () => {
    const homeOf = async (env: Record<string, string> = {}): Promise<unknown> => {
      const { settings } = await shop.json<{ settings: { home: string; concurrency: number; definitions: string } }>(["status"], {
        env,
        cwd: "src",
      });
      return normalized({ home: settings.home, concurrency: settings.concurrency, definitions: settings.definitions }, shop.root);
    };
    shop.write({
      "millrace.config.ts": 'export default { definitions: "src/shop.ts", home: "of-file", concurrency: 5 };',
      "src/shop.ts": SHOP,
    });
    expect(await homeOf()).toEqual({ home: "ROOT/of-file", concurrency: 5, definitions: "ROOT/src/shop.ts" });
    shop.write({ ".env": "MILLRACE_HOME=of-env\n" });
    expect(await homeOf()).toEqual({ home: "ROOT/of-env", concurrency: 5, definitions: "ROOT/src/shop.ts" });
    expect(await homeOf({ MILLRACE_HOME: "of-variable" })).toEqual({
      home: "ROOT/src/of-variable",
      concurrency: 5,
      definitions: "ROOT/src/shop.ts",
    });
  });

  test("counts a relative MILLRACE_HOME or MILLRACE_DEFINITIONS from the working directory", async () => {
    shop.write({ "deep/notes.txt": "" });
    await shop.run(["materialize", "raw_orders"], {
      cwd: "deep",
      env: { MILLRACE_HOME: "state", MILLRACE_DEFINITIONS: "../definitions.ts" },
    });
    expect(existsSync(shop.path("deep/state/millrace.db"))).toBe(true);
    expect(existsSync(shop.path("state"))).toBe(false);
  });

  test("takes the definitions that -f names", async () => {
    shop.write({
      "other.ts": SHOP.replace("rawOrders(context", "freshOrders(context").replace('@Own("rawOrders")', '@Own("freshOrders")'),
    });
    const { stdout } = await shop.run(["list", "+clean_orders", "-f", "other.ts"]);
    expect(stdout).toContain("fresh_orders");
    expect(stdout).not.toContain("raw_orders");
  });

  test.each([
    "materialize",
    "list",
    "show raw_orders",
    "check",
    "runs",
    "logs last",
    "retry last",
    "cancel last",
    "status",
    "jobs",
    "partitions raw_orders",
    "dynamic names",
    "wipe raw_orders --yes",
    "backfill list",
    "migrate",
    "store copy --to postgres://a:b@c/d",
  ])("has its .env loaded by %s", async (line) => {
    shop.write({ ".env": "MILLRACE_CONCURRENCY=none\n" });
    const { code, stderr } = await shop.run(line.split(" "));
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: 'CONFIG.CONCURRENCY The environment variable MILLRACE_CONCURRENCY is "none".\n  → Give a whole number, 1 or more.\n',
    });
  });
});
