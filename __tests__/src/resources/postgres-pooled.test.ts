import { describeIOManager } from "../../../runtime/testing/io-manager-contract.js";
import { PostgresIOManager } from "../../../src/io/postgres/postgres-io-manager.js";
import { PostgresResource } from "../../../src/resources/postgres-resource.js";
import { hasPgBouncer, PgBouncer } from "../../../tools/servers/pgbouncer";
import { PostgresServer } from "../../../tools/servers/postgres";

class Warehouse extends PostgresResource {
  override setup(context: Parameters<PostgresResource["setup"]>[0]): void {
    super.setup(context);
  }
  override async teardown(): Promise<void> {
    await super.teardown();
  }
}

class Manager extends PostgresIOManager {
  override async teardown(): Promise<void> {
    await super.teardown();
  }
}

const isHere = hasPgBouncer();
// Installed by `.ci/run`: there its absence is a failure, elsewhere the tests are named as not run.
const through = isHere || process.env.CI !== undefined ? describe : describe.skip;

/** Sessions of the server, fewer than connections to PgBouncer: what a session keeps would be seen by others. */
const SESSIONS = 2;

through("Postgres through PgBouncer in transaction mode", () => {
  let server: PostgresServer;
  let bouncer: PgBouncer;
  let dsn: string;
  const opened: { teardown(): Promise<void> }[] = [];

  beforeAll(async () => {
    if (!isHere) throw new Error("The program pgbouncer is not here. Install it: apt-get install pgbouncer.");
    server = await PostgresServer.start();
    bouncer = await PgBouncer.start(server, SESSIONS);
  });
  afterAll(async () => {
    await bouncer?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    dsn = bouncer.urlOf(await server.createDatabase());
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.teardown()));
  });

  const kept = <T extends { teardown(): Promise<void> }>(one: T): T => {
    opened.push(one);
    return one;
  };
  const warehouse = (fields: Partial<PostgresResource> = {}): Warehouse => kept(Object.assign(new Warehouse(), { dsn, ...fields }));
  const manager = (): Manager => kept(Object.assign(new Manager(), { dsn }));

  describeIOManager("PostgresIOManager", manager, {
    rows: [
      [
        { id: 1, text: "é" },
        { id: 2, text: null },
      ],
      [],
      [{ z: 1, a: 2n }],
    ],
  });

  it("gives statements, transactions and COPY both ways, more of them at once than there are sessions", async () => {
    const shop = warehouse();
    await shop.execute("create table sale (id int, name text)");
    const turns = Array.from({ length: 6 }, (_, turn) => turn);
    const read = await Promise.all(
      turns.map((turn) =>
        shop.connection(async (tx) => {
          await tx.copyFrom([{ id: turn, name: `n${turn}` }], "sale");
          return tx.query<{ id: number }>("select id from sale where id = $1", [turn]);
        }),
      ),
    );
    expect(read).toEqual(turns.map((id) => [{ id }]));
    const copied: unknown[] = [];
    for await (const row of shop.copyTo<{ id: number }>("sale")) copied.push(row.id);
    expect(copied.sort()).toEqual(turns);
  });

  it("cancels on the server what its signal stops", async () => {
    const shop = warehouse();
    const stop = new AbortController();
    const slept = shop.query("select pg_sleep(600)", [], { signal: stop.signal });
    const sleeps = (): Promise<object[]> =>
      server.query("select 1 from pg_stat_activity where query = 'select pg_sleep(600)' and state = 'active'");
    const thrown = expect(slept).rejects.toThrow("stopped");
    while ((await sleeps()).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort(new Error("stopped"));
    await thrown;
    while ((await sleeps()).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await shop.query("select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("tells what to do about a setting that it does not pass on", async () => {
    const shop = warehouse({ statementTimeoutMs: 1_000 });
    await expect(shop.query("select 1")).rejects.toMatchObject({ code: "POSTGRES.POOLER", allowRetries: false });
    await expect(shop.query("select 1")).rejects.toThrow(
      /unsupported startup parameter: statement_timeout\.\n {2}→ Leave out `statementTimeoutMs`, which PgBouncer does not pass on, and set it in the database instead \(ALTER ROLE "postgres" SET statement_timeout = …\)\.$/,
    );
  });
});
