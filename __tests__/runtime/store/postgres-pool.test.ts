import { openStore } from "../../../runtime/store/store-proxy";
import { hasPgBouncer, PgBouncer } from "../../../tools/servers/pgbouncer";
import { PostgresServer } from "../../../tools/servers/postgres";
import { batch, claim, completion, newRun, startedRun } from "../../contracts/run-store.contract";
import { inProcess } from "./in-process";

const isHere = hasPgBouncer();
// Installed by `.ci/run`: there its absence is a failure, elsewhere the tests are named as not run.
const through = isHere || process.env.CI !== undefined ? describe : describe.skip;

through("a store through PgBouncer in transaction mode", () => {
  let server: PostgresServer;
  let bouncer: PgBouncer;
  beforeAll(async () => {
    if (!isHere) throw new Error("The program pgbouncer is not here. Install it: apt-get install pgbouncer.");
    server = await PostgresServer.start();
    bouncer = await PgBouncer.start(server);
  });
  afterAll(async () => {
    await bouncer?.stop();
    await server?.stop();
  });

  test("is made, written by processes that share three sessions, and read", async () => {
    const path = bouncer.urlOf(await server.createDatabase());
    const body = (name: string): string => `
      const owner = { pid: process.pid, processStartedAt: "0", bootId: "b", host: "h" };
      await store.createRun({ ...${JSON.stringify(newRun(name))}, claimedBy: { owner, leaseMs: 60000 } });
      for (let turn = 0; turn < 20; turn++)
        await Promise.all([
          store.appendEvents(${JSON.stringify(name)}, 1, undefined, [{ type: "ASSET_MATERIALIZATION", atMs: turn, assetKey: "a" }]),
          store.listRuns({ limit: 10 }),
          store.latestMaterializations(["a"]),
        ]);
      await store.close();`;
    const names = ["one", "two", "three", "four"];
    expect(await Promise.all(names.map((name) => inProcess(path, body(name))))).toEqual(names.map(() => ({ code: 0, text: "" })));
    const store = await openStore({ path });
    for (const runId of names) expect((await store.events({ runId, afterSeq: 0, limit: 100 })).map(({ seq }) => seq)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1)); // prettier-ignore
    await store.close();
    const left = await server.query<{ n: string }>(
      "select count(*) as n from pg_stat_activity where application_name = 'millrace'",
      server.url,
    );
    expect(Number(left[0]?.n)).toBeLessThanOrEqual(3);
  });

  test("leaves no setting and no statement in a session that is anyone's", async () => {
    const database = await server.createDatabase();
    const path = bouncer.urlOf(database);
    const store = await openStore({ path, fsync: "NORMAL" });
    const epoch = await startedRun(store, "r");
    await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
    expect(await store.commit(batch("r", epoch, { completions: [completion("a", "A1")] }))).toMatchObject({ ok: true });
    const settings = "select current_setting('statement_timeout') as timeout, current_setting('synchronous_commit') as flush, (select count(*)::int from pg_prepared_statements where name like 'millrace%') as statements"; // prettier-ignore
    for (let session = 0; session < 3; session++)
      expect(await server.query(settings, path)).toEqual([{ timeout: "0", flush: "on", statements: 0 }]);
    await store.close();
  });

  test("goes on when the server behind it was restarted", async () => {
    const store = await openStore({ path: bouncer.urlOf(await server.createDatabase()) });
    const epoch = await startedRun(store, "r");
    await server.restart("crash");
    await store.appendEvents("r", epoch, undefined, [{ type: "LOG", atMs: 1 }]);
    expect((await store.events({ runId: "r", afterSeq: 0, limit: 100 })).map(({ type }) => type)).toEqual(["RUN_START", "LOG"]);
    await store.close();
  });
});
