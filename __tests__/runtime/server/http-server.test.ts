import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { type HttpServer, type HttpServerOptions, startHttpServer } from "../../../runtime/server/http-server.js";
import { isKnownHost } from "../../../runtime/server/host-check.js";
import { openMemoryStore } from "../../../runtime/store/memory-store.js";
import { type Clock, systemClock } from "../../../src/base/clock.js";
import { StoreError } from "../../../src/base/errors.js";
import type { AssetSpec } from "../../../src/model/asset-spec.js";
import type { Catalog } from "../../../src/model/catalog.js";
import type { NewEvent } from "../../../src/model/event.js";
import type { RunStore } from "../../../src/storage/run-store.js";

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5);
const clock: Clock = { nowMs: () => T0 + 60_000, sleep: systemClock.sleep };

function anAsset(key: string, more: Partial<AssetSpec> = {}): AssetSpec {
  const none = { owners: [], tags: {}, kinds: [], metadata: {}, deps: [], skippable: false, observable: false, partitions: null };
  return { key, unit: key, group: "default", ...none, ...more };
}

const catalog: Catalog = {
  assets: [
    anAsset("orders", { group: "sales", description: `All <b>"orders"</b>` }),
    anAsset("raw", { unit: undefined }),
    anAsset("<script>alert('x')</script>", { group: "a&b" }),
  ].sort((a, b) => (a.key < b.key ? -1 : 1)),
  checks: [
    { asset: "orders", name: "has_rows", unit: "orders", blocking: true, metadata: {}, deps: [] },
    { asset: "orders", name: "unique", unit: "orders", blocking: false, metadata: {}, deps: [] },
  ],
  units: [],
  resources: [],
  jobs: [],
};

const started: HttpServer[] = [];
let store: RunStore;
beforeEach(() => {
  store = openMemoryStore();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()));
  await store.close();
});

async function start(options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = await startHttpServer({ port: 0, store, catalog, clock, version: "1.2.3", startedAtMs: T0, ...options });
  started.push(server);
  return server;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function ask(url: string, options: { headers?: Record<string, string>; method?: string; agent?: Agent } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** One run that materialized `orders` and evaluated one of its checks. */
async function materializeOrders(): Promise<void> {
  const events: NewEvent[] = [
    { type: "ASSET_MATERIALIZATION", atMs: T0 + 10, stepKey: "orders", assetKey: "orders", payload: { dataVersion: "v1" } },
    {
      type: "ASSET_CHECK_EVALUATION",
      atMs: T0 + 20,
      stepKey: "orders",
      assetKey: "orders",
      payload: { check: { name: "has_rows", passed: false, severity: "ERROR", blocking: true } },
    },
  ];
  await store.createRun({
    id: "run-1",
    tags: {},
    selection: "*",
    codeVersion: "c",
    createdAtMs: T0,
    plan: {},
    config: {},
    steps: [{ key: "orders", assets: ["orders"] }],
    events: [{ type: "ASSET_MATERIALIZATION_PLANNED", atMs: T0, stepKey: "orders", assetKey: "orders" }],
    status: "NOT_STARTED",
  });
  const owner = { pid: 1, processStartedAt: "1", bootId: "b", host: "h" };
  const epoch = (await store.claimRun("run-1", owner, T0, 60_000)) ?? -1;
  const attempt = { stepKey: "orders", attempt: 1, attemptId: "a1" };
  const batch = { runId: "run-1", epoch, nowMs: T0, completions: [], claims: [], transitions: [], events: [] };
  await store.commit({ ...batch, claims: [{ ...attempt, nowMs: T0, leaseUntilMs: T0 + 60_000 }] });
  const completion = { ...attempt, outcome: "SUCCESS" as const, stepStatus: "SUCCESS" as const, startedAtMs: T0, events, atMs: T0 + 30 };
  const done = await store.commit({ ...batch, completions: [completion], end: { status: "SUCCESS", atMs: T0 + 40 } });
  expect(done.ok).toBe(true);
}

it("answers that it is alive and ready, with security headers and without its maker's name", async () => {
  const { url } = await start();
  const health = await ask(`${url}/health`);
  expect([health.status, health.text]).toEqual([200, '{"status":"ok"}']);
  expect(health.headers).toMatchObject({
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  });
  expect(health.headers).not.toHaveProperty("x-powered-by");
  const ready = await ask(`${url}/ready`);
  expect([ready.status, ready.text]).toEqual([200, '{"status":"ready"}']);
});

it("is not ready, and says why, when the store fails; stays alive", async () => {
  const broken = { ...store, info: () => Promise.reject(new StoreError("STORE.GONE", "The disk is gone.")) };
  const { url } = await start({ store: broken });
  const ready = await ask(`${url}/ready`);
  expect([ready.status, ready.text]).toEqual([503, '{"status":"not ready","reason":"The disk is gone."}']);
  expect((await ask(`${url}/health`)).status).toBe(200);
  const status = await ask(`${url}/status`);
  expect([status.status, JSON.parse(status.text)]).toEqual([503, { error: { code: "STORE.GONE", message: "The disk is gone." } }]);
});

it("is not ready when the store does not answer in time", async () => {
  const stuck = { ...store, info: () => new Promise<never>(() => {}) };
  const { url } = await start({ store: stuck, clock: { ...clock, sleep: () => Promise.resolve() } });
  const ready = await ask(`${url}/ready`);
  expect([ready.status, ready.text]).toEqual([503, '{"status":"not ready","reason":"The store has not answered for 2000 ms."}']);
});

it("tells versions, store, runs by state and the last of each asset as JSON", async () => {
  await materializeOrders();
  const { url } = await start();
  const answer = await ask(`${url}/status`);
  expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
  const info = await store.info();
  expect(JSON.parse(answer.text)).toEqual({
    version: "1.2.3",
    node: process.versions.node,
    startedAtMs: T0,
    nowMs: T0 + 60_000,
    store: { path: info.path, schemaVersion: info.schemaVersion, fsync: info.fsync },
    runs: await store.countRuns(),
    assets: {
      total: 3,
      items: [
        { key: "<script>alert('x')</script>", group: "a&b", kinds: [], made: "materialized", checks: [] },
        {
          key: "orders",
          group: "sales",
          description: `All <b>"orders"</b>`,
          kinds: [],
          made: "materialized",
          lastMaterialization: { atMs: T0 + 10, runId: "run-1", dataVersion: "v1" },
          lastRun: { id: "run-1", status: "SUCCESS" },
          checks: [
            { name: "has_rows", blocking: true, last: { atMs: T0 + 20, runId: "run-1", passed: false, severity: "ERROR" } },
            { name: "unique", blocking: false },
          ],
        },
        { key: "raw", group: "default", kinds: [], made: "external", checks: [] },
      ],
    },
  });
});

it("gives the assets page by page", async () => {
  const { url } = await start();
  const keys: string[][] = [];
  let after: string | undefined;
  do {
    const query = after === undefined ? "" : `&after=${encodeURIComponent(after)}`;
    const { assets } = JSON.parse((await ask(`${url}/status?limit=2${query}`)).text) as {
      assets: { items: { key: string }[]; next?: string };
    };
    keys.push(assets.items.map(({ key }) => key));
    after = assets.next;
  } while (after !== undefined);
  expect(keys).toEqual([["<script>alert('x')</script>", "orders"], ["raw"]]);
});

it.each(["0", "-1", "1001", "ten", ""])("refuses the limit %j", async (limit) => {
  const { url } = await start();
  const answer = await ask(`${url}/status?limit=${limit}`);
  expect([answer.status, JSON.parse(answer.text)]).toEqual([
    400,
    { error: { code: "REQUEST.LIMIT", message: `limit is "${limit}".`, fix: "Give a whole number from 1 to 1000." } },
  ]);
});

it("shows a browser a page without scripts, all names escaped, under a policy that lets in its own style only", async () => {
  await materializeOrders();
  const { url } = await start();
  const page = await ask(`${url}/status?limit=2`, { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } });
  expect(page.status).toBe(200);
  expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(page.headers.vary).toBe("Accept");
  expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
  expect(page.text).not.toMatch(/<script|style="|<b>"orders"/);
  expect(page.text).toContain("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
  expect(page.text).toContain("prefers-color-scheme: dark");
  expect(page.text).toContain("2026-01-02 03:04:05 UTC");
  expect(page.text).toContain(">v1<");
  expect(page.text).toContain("has_rows: failed");
  expect(page.text).toContain("unique: never evaluated");
  expect(page.text).toContain(`href="?limit=2&amp;after=orders"`);
});

it("says as JSON what is not there, cannot be read or cannot be done", async () => {
  const { url } = await start();
  const missing = await ask(`${url}/nowhere`, { headers: { accept: "text/html" } });
  expect([missing.status, JSON.parse(missing.text)]).toEqual([
    404,
    { error: { code: "REQUEST.NOT_FOUND", message: "Nothing is at /nowhere.", fix: "Ask for /status, /health or /ready." } },
  ]);
  const posted = await ask(`${url}/status`, { method: "POST" });
  expect([posted.status, posted.headers.allow, JSON.parse(posted.text)]).toEqual([
    405,
    "GET, HEAD",
    { error: { code: "REQUEST.METHOD", message: "POST is not possible on /status.", fix: "Use GET." } },
  ]);
  expect((await ask(`${url}/status/../%ff`)).headers["content-type"]).toBe("application/json; charset=utf-8");
  const front = await ask(`${url}/`);
  expect([front.status, front.headers.location]).toEqual([302, "/status"]);
});

it("answers for its own names only, lest a page rebind its name to this machine", async () => {
  const { url, port } = await start({ allowedHosts: ["millrace.example", "other.example:8443"] });
  const statusOf = async (host: string): Promise<number | undefined> => (await ask(`${url}/status`, { headers: { host } })).status;
  const known = [
    `localhost:${port}`,
    `LOCALHOST:${port}`,
    `127.0.0.1:${port}`,
    `[::1]:${port}`,
    "millrace.example",
    "millrace.example:1",
    "other.example:8443",
  ];
  for (const host of known) expect([host, await statusOf(host)]).toEqual([host, 200]);
  const strange = [
    "evil.example",
    `evil.example:${port}`,
    "localhost",
    `localhost:${port + 1}`,
    "other.example",
    `localhost:${port}@evil.example`,
    `localhost.evil.example:${port}`,
  ];
  for (const host of strange) expect([host, await statusOf(host)]).toEqual([host, 421]);
  expect(JSON.parse((await ask(`${url}/health`, { headers: { host: "evil.example" } })).text)).toEqual({
    error: {
      code: "REQUEST.HOST",
      message: 'This server does not answer for the host "evil.example".',
      fix: `Ask for http://localhost:${port}, or add the name to allowedHosts.`,
    },
  });
});

it("knows the address that a connection came to, and the protocol's own port when none is given", () => {
  const at = { port: 80, allowed: [], address: "::ffff:10.1.2.3" };
  expect(["10.1.2.3", "10.1.2.3:80", "localhost"].map((host) => isKnownHost(host, at))).toEqual([true, true, true]);
  expect(["10.1.2.4", "10.1.2.3:81", "", undefined].map((host) => isKnownHost(host, at))).toEqual([false, false, false, false]);
});

it("says which port is taken and what to do", async () => {
  const { port } = await start();
  await expect(start({ port })).rejects.toMatchObject({
    name: "ConfigError",
    code: "CONFIG.PORT_IN_USE",
    message: `Port ${port} of 127.0.0.1 is in use by another process.\n  → Give another port, or 0 for any free one, or stop the process that has it.`,
  });
  await expect(start({ port: 70_000 })).rejects.toMatchObject({ name: "ConfigError", code: "CONFIG.PORT" });
  await expect(start({ host: "203.0.113.7" })).rejects.toMatchObject({ name: "ConfigError", code: "CONFIG.HOST" });
});

it("closes at once although connections are kept open, and as often as it is asked to", async () => {
  const server = await start({ clock: { ...clock, sleep: () => new Promise(() => {}) } });
  const agent = new Agent({ keepAlive: true });
  expect((await ask(`${server.url}/health`, { agent })).status).toBe(200);
  const silent = connect(server.port, "127.0.0.1");
  await new Promise((resolve) => silent.once("connect", resolve));
  const gone = new Promise((resolve) =>
    silent
      .once("close", resolve)
      .on("error", () => {})
      .resume(),
  );
  await Promise.all([server.close(), server.close()]);
  await gone;
  agent.destroy();
  await expect(ask(`${server.url}/health`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

it("lets a request that is being answered end before it closes", async () => {
  let release = (): void => {};
  let asked = (): void => {};
  const reached = new Promise<void>((resolve) => (asked = resolve));
  const slow: RunStore = { ...store, countRuns: () => new Promise((resolve) => ((release = () => resolve({})), asked())) };
  const server = await start({ store: slow });
  const agent = new Agent({ keepAlive: true });
  const answer = ask(`${server.url}/status`, { agent });
  await reached;
  const closed = server.close();
  release();
  expect((await answer).status).toBe(200);
  await closed;
  agent.destroy();
});

it("shuts a request that is never answered once the grace is over", async () => {
  let asked = (): void => {};
  const reached = new Promise<void>((resolve) => (asked = resolve));
  const stuck: RunStore = { ...store, countRuns: () => new Promise(() => asked()) };
  const server = await start({ store: stuck, clock: { ...clock, sleep: () => Promise.resolve() } });
  const answer = expect(ask(`${server.url}/status`)).rejects.toMatchObject({ code: "ECONNRESET" });
  await reached;
  await server.close();
  await answer;
});
