import { FaultyProxy } from "../../tools/servers/faulty-proxy";
import { freePort } from "../../tools/servers/free-port";
import { StubApi } from "./app-events-stub";
import { AppEventsWorld } from "./app-events-world";

const DAILY = ["materialize", "--job", "daily_ingest", "--partition", "2025-07-12"] as const;
const PATH = "/api/admin/events";

/** What the sample's errors look like from outside: every row of the specification's table. */
describe("app events, when something is wrong:", () => {
  let world: AppEventsWorld;
  beforeAll(async () => {
    world = await AppEventsWorld.start();
  });
  afterAll(() => world?.stop());

  const nowhere = async (scheme = "http"): Promise<string> => `${scheme}://127.0.0.1:${await freePort()}`;
  /** The texts of a command that ends with the code. */
  async function failing(code: number, args: readonly string[], variables: Record<string, string> = {}): Promise<string> {
    const ended = await world.run(args, variables);
    expect({ code: ended.code, text: ended.stdout + ended.stderr }).toMatchObject({ code });
    return ended.stdout + ended.stderr;
  }
  async function withApi<T>(options: readonly string[], work: (api: StubApi) => Promise<T>): Promise<T> {
    const api = await StubApi.start(...options);
    try {
      return await work(api);
    } finally {
      await api.stop();
    }
  }

  it("variables that are not set are all named in one error, when the run is to start and not before", async () => {
    expect((await world.run(["list"], { APP_BASE_URL: "-", APP_API_KEY: "-", WAREHOUSE_DSN: "-" })).code).toBe(0);
    const text = await failing(4, DAILY, { APP_BASE_URL: "-", APP_API_KEY: "-", WAREHOUSE_DSN: "-" });
    for (const name of ["APP_BASE_URL", "APP_API_KEY", "WAREHOUSE_DSN"])
      expect(text).toContain(`the environment variable ${name} is not set`);
  });

  it("a partition that is missing, empty, malformed or out of range is refused with the range", async () => {
    const job = ["materialize", "--job", "daily_ingest"];
    expect(await failing(2, job)).toContain("--partition KEY");
    for (const key of ["", "2025-7-15", "2024-12-31", "2999-01-01"]) {
      const text = await failing(2, [...job, "--partition", key]);
      expect(text).toContain(`There is no partition ${JSON.stringify(key)}`);
      expect(text).toMatch(/Partitions go from "2025-01-01" to "\d{4}-\d\d-\d\d"/);
    }
  });

  it("one half of the multi-asset is refused, with the other half named", async () => {
    expect(await failing(2, ["materialize", "clean_users"])).toMatch(
      /"split_events" gives clean_users, clean_orders together.*leaves out clean_orders/,
    );
  });

  it("configuration of a wrong type, of an unknown field, and of an asset that declares none is refused", async () => {
    const withConfig = (config: object): Promise<string> => failing(4, [...DAILY, "--config", JSON.stringify(config)]);
    expect(await withConfig({ assets: { raw_events: { keys: "a.json" } } })).toContain("assets.raw_events.keys");
    expect(await withConfig({ assets: { raw_events: { keys: [1] } } })).toContain("must be a string");
    expect(await withConfig({ assets: { raw_events: { key: ["a.json"] } } })).toContain('did you mean "keys"?');
    expect(await withConfig({ assets: { raw_events_partitioned: { keys: [] } } })).toContain("raw_events_partitioned");
  });

  it("none of what was refused so far became a run", async () => {
    expect(await world.json<unknown[]>(["runs"])).toEqual([]);
  });

  it("an upstream that was never made is named, with what to materialize", async () => {
    const text = await failing(1, ["materialize", "clean_users or clean_orders"]);
    expect(text).toContain('needs the value of "raw_events", which was never materialized');
    expect(text).toContain('millrace materialize "+(clean_users or clean_orders)"');
  });

  it("a wrong key is told by resource and variable; it is tried once, and nothing downstream starts", async () => {
    await withApi([], async (api) => {
      const text = await failing(1, DAILY, { APP_BASE_URL: api.url, APP_API_KEY: "a-wrong-key-0001" });
      expect(text).toMatch(/refused the key of resource AppApi \(401\).*APP_API_KEY/);
      expect(text).not.toContain("a-wrong-key-0001");
      expect(text).not.toContain("Users:");
      expect([...api.requests].sort()).toEqual([`GET ${PATH} → 401`, `GET ${PATH}?date=2025-07-12&limit=10000 → 401`]);
    });
  });

  it("an API that fails for a while is asked again, as late as Retry-After says", async () => {
    await withApi(["--fail-first", "2"], async (api) => {
      await failing(0, ["materialize", "raw_events"], { APP_BASE_URL: api.url });
      expect(api.requests).toEqual([`GET ${PATH} → 500`, `GET ${PATH} → 500`, `GET ${PATH} → 200`]);
    });
    await withApi(["--fail-first", "1", "--fail-with", "429", "--retry-after", "2"], async (api) => {
      await failing(0, ["materialize", "raw_events"], { APP_BASE_URL: api.url });
      expect(api.requests).toEqual([`GET ${PATH} → 429`, `GET ${PATH} → 200`]);
      expect((api.answeredAtMs[1] ?? 0) - (api.answeredAtMs[0] ?? 0)).toBeGreaterThan(1_900);
    });
  });

  it("an API that is down, or goes on failing, fails the run with its address and what it said", async () => {
    const url = await nowhere();
    expect(await failing(1, ["materialize", "raw_events"], { APP_BASE_URL: url })).toContain(
      `GET ${url}${PATH} could not be sent: connect ECONNREFUSED`,
    );
    await withApi(["--fail-first", "100"], async (api) => {
      const text = await failing(1, ["materialize", "raw_events"], { APP_BASE_URL: api.url });
      expect(text).toContain(`${PATH} answered 500 Internal Server Error: {"error":"internal error"}`);
      expect(api.requests).toHaveLength(5);
    });
  });

  it("an S3 server that is down, and a bucket that is missing, are named", async () => {
    const endpoint = await nowhere();
    expect(await failing(1, ["materialize", "raw_events"], { S3_ENDPOINT_URL: endpoint })).toContain(endpoint);
    const text = await failing(1, ["materialize", "raw_events"], { S3_BUCKET: "no-such-bucket" });
    expect(text).toContain("no-such-bucket");
    expect(text).toMatch(/bucket/i);
  });

  it("a warehouse that is down keeps what is in the lake; a retry goes on from there", async () => {
    const dsn = await nowhere("postgres");
    const text = await failing(1, DAILY, { WAREHOUSE_DSN: `${dsn.replace("//", "//loader:secret-0001@")}/shop` });
    expect(text).toContain(new URL(dsn).host);
    expect(text).not.toContain("secret-0001");
    expect(await world.keys()).toEqual(["dagster/raw_events.parquet", "dagster/raw_events_partitioned/2025-07-12.parquet"]);
    const asked = world.api.requests.length;
    const [failed] = await world.json<{ id: string }[]>(["runs"]);
    const retried = await world.json<{ status: string; steps: { key: string }[] }>(["retry", failed?.id ?? ""]);
    expect(retried).toMatchObject({ status: "SUCCESS", steps: [{ key: "clean_orders+clean_users" }] });
    expect(world.api.requests.length).toBe(asked);
    expect(await world.keys()).toEqual(expect.arrayContaining(["dagster/clean_orders.parquet", "dagster/clean_users.parquet"]));
  });

  it("an S3 server that fails once the warehouse is loaded leaves the lake behind until a retry brings it up", async () => {
    const bucket = await world.s3.bucket();
    const proxy = await FaultyProxy.before(world.s3.endpoint);
    const variables = { S3_BUCKET: bucket, S3_ENDPOINT_URL: proxy.endpoint };
    const users = () => world.postgres.query<{ count: number }>("select count(*)::int from clean_users", world.dsn);
    try {
      await world.postgres.query("truncate clean_users, clean_orders", world.dsn);
      proxy.faults = { cutWhenSent: "clean_" };
      expect(await failing(1, DAILY, variables)).toMatch(/s3:\/\/.*clean_(users|orders)\.parquet/);
      const [loaded] = await users();
      expect(loaded?.count).toBeGreaterThan(0);
      expect((await world.s3.keys(bucket)).filter((key) => key.includes("clean_"))).toEqual([]);

      proxy.faults = {};
      const [failed] = await world.json<{ id: string }[]>(["runs"]);
      expect(await world.json(["retry", failed?.id ?? ""], variables)).toMatchObject({ status: "SUCCESS" });
      expect(await users()).toEqual([loaded]); // not twice
      expect(await world.s3.keys(bucket)).toEqual(expect.arrayContaining(["dagster/clean_orders.parquet", "dagster/clean_users.parquet"]));
    } finally {
      await proxy.stop();
    }
  });
});
