import { setTimeout } from "node:timers/promises";
import { Client } from "pg";
import { repairStore } from "../../../runtime/instance/repair";
import { openStore } from "../../../runtime/store/store-proxy";
import { SCHEMA_VERSION } from "../../../src/storage/sql/migrate";
import type { Store } from "../../../src/storage/store";
import { PostgresServer } from "../../../tools/servers/postgres";
import { batch, claim, completion, newRun, owner, startedRun } from "../../contracts/run-store.contract";
import { CuttingProxy } from "./cutting-proxy";
import { inProcess } from "./in-process";

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

let schemas = 0;
const newStore = (): string => `${server.url}?schema=t${schemas++}`;
const seqs = async (store: Store, runId: string): Promise<number[]> =>
  (await store.events({ runId, afterSeq: 0, limit: 10_000 })).map(({ seq }) => seq);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const log = (message: string) => ({ type: "LOG", atMs: 1, payload: { message } }) as const;

describe("several processes on one Postgres", () => {
  test("write at once and lose nothing: each run has its events without a gap, each asset its newest, the counter its sum", async () => {
    const path = newStore();
    const body = (name: string): string => `
      const owner = { pid: process.pid, processStartedAt: "0", bootId: "b", host: "h" };
      const name = ${JSON.stringify(name)};
      await store.createRun({ ...${JSON.stringify(newRun(name))}, claimedBy: { owner, leaseMs: 60000 } });
      const made = (turn, key) => ({ type: "ASSET_MATERIALIZATION", atMs: turn, assetKey: key, payload: { message: name } });
      for (let turn = 0; turn < 30; turn++) {
        const keys = ["a", "b", "c", "d"].sort(() => Math.random() - 0.5);
        await Promise.all([
          store.appendEvents(name, 1, undefined, keys.map((key) => made(turn, key))),
          store.appendEvents(name, 1, undefined, [{ type: "LOG", atMs: turn }]),
          store.addDynamicPartitions("shared", [name + turn, "both" + turn]),
        ]);
        if (turn % 10 === 0) await store.wipe({ assetKey: "d", partitions: "all", nowMs: turn });
      }
      await store.createRun({ ...${JSON.stringify(newRun("shared"))}, id: "shared-" + name, runKey: "shared" }).then(() => console.log("made"), (error) => console.log(error.code));
      await store.close();`;
    const ended = await Promise.all(["one", "two", "three"].map((name) => inProcess(path, body(name))));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(ended.map(({ text }) => text).sort()).toEqual(["STORE.DUPLICATE_RUN\n", "STORE.DUPLICATE_RUN\n", "made\n"]);
    const store = await openStore({ path });
    for (const runId of ["one", "two", "three"]) expect(await seqs(store, runId)).toEqual(upTo(1 + 30 * 5));
    for (const asset of await store.latestMaterializations(["a", "b", "c"])) {
      const [newest] = await store.assetEvents({ assetKey: asset.assetKey, limit: 1 });
      expect(asset.materialization).toEqual(newest);
    }
    const { keys } = await store.dynamicPartitions("shared");
    expect([keys.length, new Set(keys).size]).toEqual([120, 120]);
    await store.close();
  });

  test("page through an asset's history without missing an event that was committed later than it was numbered", async () => {
    const path = newStore();
    const body = (name: string): string => `
      const owner = { pid: process.pid, processStartedAt: "0", bootId: "b", host: "h" };
      await store.createRun({ ...${JSON.stringify(newRun(name))}, claimedBy: { owner, leaseMs: 60000 } });
      for (let turn = 0; turn < 150; turn++)
        await store.appendEvents(${JSON.stringify(name)}, 1, undefined, [{ type: "ASSET_MATERIALIZATION", atMs: turn, assetKey: "a" }]);
      await store.close();`;
    const store = await openStore({ path });
    let writing = true;
    const writers = Promise.all(["one", "two"].map((name) => inProcess(path, body(name)))).finally(() => (writing = false));
    const seen: number[] = [];
    while (writing) {
      const ids = (await store.assetEvents({ assetKey: "a", limit: 1_000 })).map(({ id }) => id).reverse();
      const newest = seen.at(-1) ?? 0;
      // What appears later is newer than all that was there: a reader that goes on after the newest misses none.
      expect(ids.filter((id) => id <= newest)).toEqual(seen);
      seen.push(...ids.filter((id) => id > newest));
    }
    expect((await writers).map(({ text }) => text)).toEqual(["", ""]);
    expect(seen.length).toBeGreaterThan(100);
    await store.close();
  });

  test("keep what was acknowledged when one of them is killed, and what it had begun holds nobody up", async () => {
    const path = newStore();
    const { text } = await inProcess(
      path,
      `await store.createRun(${JSON.stringify(newRun("r"))}); console.log("stored"); void store.createRun(${JSON.stringify(newRun("s"))}); process.kill(process.pid, "SIGKILL");`,
    );
    expect(text).toBe("stored\n");
    const store = await openStore({ path });
    expect(await store.getRun("r")).toMatchObject({ status: "NOT_STARTED" });
    expect(await store.claimRun("r", owner(), 1, 1000)).toBe(1);
    await store.close();
  });

  test("hear of each other what becomes of a run, without asking again and again, also after the server was away", async () => {
    const path = newStore();
    const [one, other] = await Promise.all([openStore({ path }), openStore({ path })]);
    const never = new AbortController().signal;
    for (const runId of ["r", "s"]) {
      await startedRun(one, runId);
      const heard = (async () => {
        while (!(await one.cancelRequested(runId))) await one.changed(runId, never);
      })();
      await one.changed(runId, AbortSignal.timeout(2_000)); // it listens, and has looked
      await other.requestCancel(runId, 5);
      await heard;
      await server.restart();
    }
    await Promise.all([one.close(), other.close()]);
  });

  test("share the runs of the dead: who repairs takes those that no other is at, then waits for the others'", async () => {
    const path = newStore();
    const [store, other] = await Promise.all([openStore({ path }), openStore({ path })]);
    const dead = { ...owner(), host: "elsewhere" };
    const ids = ["r1", "r2", "r3"];
    for (const id of ids) await store.createRun(newRun(id, { claimedBy: { owner: dead, leaseMs: 1 } }));
    const writer = new Client(server.url);
    await writer.connect();
    await writer.query(`begin; select 1 from t${schemas - 1}.run where id in ('r1', 'r2') for update`);
    const repaired = repairStore(store, 1e12);
    const end = Date.now() + 20_000;
    while ((await other.getRun("r3"))?.status !== "FAILURE" && Date.now() < end) await setTimeout(10);
    expect((await other.listRuns({ limit: 3 })).map(({ id, status }) => [id, status]).sort()).toEqual([
      ["r1", "STARTED"],
      ["r2", "STARTED"],
      ["r3", "FAILURE"],
    ]);
    await writer.query(`update t${schemas - 1}.run set epoch = epoch + 1, status = 'FAILURE' where id = 'r2'; commit`); // it repaired this one
    expect(await repaired).toEqual(["r3", "r1"]);
    await Promise.all([store.close(), other.close(), writer.end()]);
  });

  test("end when they have nothing to do, also with the store open, a lease kept and a run waited for", async () => {
    const body = `await store.createRun(${JSON.stringify(newRun("r"))}); await store.claimRun("r", { pid: 1, processStartedAt: "0", bootId: "b", host: "h" }, Date.now(), 600); await store.keepLease("r", 1, 600); void store.changed("r", new AbortController().signal); await store.getRun("r"); console.log("idle");`;
    expect(await inProcess(newStore(), body)).toEqual({ code: 0, text: "idle\n" });
  });

  test("make the schema once when they all find none", async () => {
    const path = newStore();
    const ended = await Promise.all(
      upTo(3).map(() => inProcess(path, `console.log((await store.info()).schemaVersion); await store.close();`)),
    );
    expect(ended).toEqual(upTo(3).map(() => ({ code: 0, text: `${SCHEMA_VERSION}\n` })));
  });
});

describe("a Postgres that goes away", () => {
  test.each(["fast", "crash"] as const)("and comes back (%s) has lost nothing, and nobody who used it has noticed", async (how) => {
    const path = newStore();
    const store = await openStore({ path });
    const epoch = await startedRun(store, "r");
    await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
    await store.keepLease("r", epoch, 3_000);
    const before = (await seqs(store, "r")).length;
    let isBack = false;
    let written = 0;
    const restarted = server.restart(how).then(() => (isBack = true));
    for (let after = 0; after < 10; written++) {
      await Promise.all([
        store.appendEvents("r", epoch, "A1", [{ ...log(String(written)), ordinal: written }]),
        store.appendEvents("r", epoch, undefined, [log("more")]),
      ]);
      if (isBack) after += 1;
    }
    await restarted;
    expect(await store.commit(batch("r", epoch, { completions: [completion("a", "A1")] }))).toMatchObject({ ok: true });
    expect(await seqs(store, "r")).toEqual(upTo(before + 2 * written + 1));
    expect(await store.renewLease("r", epoch, Date.now() + 3_000)).toBe(true);
    await store.close();
  });

  test.each(["before", "after"] as const)(
    "with a commit on its way, cut %s the server had it, stores that transaction once",
    async (side) => {
      const path = newStore();
      const proxy = await CuttingProxy.start(server.port);
      const store = await openStore({ path: path.replace(`:${server.port}/`, `:${proxy.port}/`) });
      const epoch = await startedRun(store, "r");
      const before = (await seqs(store, "r")).length;
      proxy.cutAt({ text: "commit", side });
      const result = await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
      expect(result).toMatchObject({ ok: true });
      proxy.cutAt({ text: "commit", side });
      await Promise.all(["x", "y"].map((text) => store.appendEvents("r", epoch, undefined, [log(text)])));
      expect(proxy.cuts).toBe(2);
      expect(await seqs(store, "r")).toEqual(upTo(before + 3));
      expect(await store.commit(batch("r", epoch, { completions: [completion("a", "A1")] }))).toMatchObject({ ok: true });
      await store.close();
      await proxy.stop();
    },
  );

  test("in the midst of a read is asked again", async () => {
    const proxy = await CuttingProxy.start(server.port);
    const store = await openStore({ path: newStore().replace(`:${server.port}/`, `:${proxy.port}/`) });
    await store.createRun(newRun("r"));
    proxy.cutAt({ text: '"run"', side: "before" });
    expect(await store.getRun("r")).toMatchObject({ id: "r" });
    expect(proxy.cuts).toBe(1);
    await store.close();
    await proxy.stop();
  });
});

describe("a store on Postgres that cannot be opened", () => {
  const problem = (path: string): Promise<unknown> =>
    openStore({ path }).then(
      (store) => store.close(),
      (error: { code: string; message: string }) => `${error.code} ${error.message}`,
    );
  const at = (): string => `127.0.0.1:${server.port}`;

  test("says whom the server refuses, and what to edit; never the password", async () => {
    expect(await problem(server.urlOf("postgres", "postgres", "hunter2"))).toBe(
      `STORE.ACCESS_DENIED Postgres at ${at()} lets user "postgres" not into database "postgres": password authentication failed for user "postgres".\n  → Correct user and password in MILLRACE_DATABASE_URL, or in \`store\` of millrace.config.ts.`,
    );
    expect(await problem(server.urlOf("nowhere"))).toBe(
      `STORE.NO_DATABASE Postgres at ${at()} has no database "nowhere".\n  → Make it (createdb -h 127.0.0.1 -p ${server.port} nowhere), or name another one in MILLRACE_DATABASE_URL.`,
    );
    expect(await problem("postgres://me:hunter2@127.0.0.1:1/db")).toBe(
      'STORE.UNREACHABLE Postgres at 127.0.0.1:1 cannot be reached (database "db", user "me"): connect ECONNREFUSED 127.0.0.1:1.\n  → Start it, or correct host and port in MILLRACE_DATABASE_URL.',
    );
  });

  test("was written by a later version, or is left as it is by its address", async () => {
    const path = newStore();
    expect(await problem(`${path}&migrate=off`)).toMatch(/^STORE.NOT_MIGRATED The store postgres:.* has no schema yet; this version of Millrace needs schema \d+\.\n  → Run `millrace migrate`, or leave migrate=off out of the store's address\.$/); // prettier-ignore
    await (await openStore({ path })).close();
    await (await openStore({ path: `${path}&migrate=off` })).close();
    const schema = new URL(path).searchParams.get("schema") ?? "";
    await server.query(`insert into ${schema}.schema_migration values (${SCHEMA_VERSION + 1}, 'later')`);
    expect(await problem(path)).toBe(
      `STORE.NEWER_SCHEMA The store postgres://postgres@${at()}/postgres (schema ${schema}) has schema ${SCHEMA_VERSION + 1}; this version of Millrace knows schema ${SCHEMA_VERSION}.\n  → Use the version of Millrace that wrote it, or a later one.`,
    );
  });

  test("names the user who lacks a privilege; those of docs/postgres.md are enough", async () => {
    const database = await server.createDatabase();
    await server.query("create role worker login password 'w'");
    const asWorker = database.replace(/\/\/.*@/, "//worker:w@");
    expect(await problem(asWorker)).toMatch(/^STORE.NO_PRIVILEGE User "worker" may not use the store .*: permission denied for database db_\w+\.\n  → Give the user the privileges that docs\/postgres\.md lists/); // prettier-ignore
    await (await openStore({ path: database })).close();
    const grants = "grant usage on schema millrace to worker; grant select, insert, update, delete on all tables in schema millrace to worker; grant usage on all sequences in schema millrace to worker"; // prettier-ignore
    await server.query(grants, database);
    const store = await openStore({ path: `${asWorker}?migrate=off` });
    expect(await startedRun(store, "r")).toBe(1);
    await store.wipe({ assetKey: "a", partitions: "all", nowMs: 1 });
    await store.close();
  });
});
