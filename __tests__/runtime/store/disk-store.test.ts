import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { SCHEMA_VERSION } from "../../../src/storage/sql/migrate";
import { openStore } from "../../../runtime/store/store-proxy";
import { backfillStoreContract } from "../../contracts/backfill-store.contract";
import { partitionStoreContract } from "../../contracts/partition-store.contract";
import { batch, claim, newRun, runStoreContract, startedRun } from "../../contracts/run-store.contract";
import { inProcess } from "./in-process";

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-store-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newPath = (): string => join(folder, `${count++}.db`);

describe("the store on disk", () => {
  runStoreContract(() => openStore({ path: newPath() }));
  partitionStoreContract(() => openStore({ path: newPath() }));
  backfillStoreContract(() => openStore({ path: newPath() }));

  test("keeps what it was told when it is opened again", async () => {
    const path = newPath();
    const first = await openStore({ path, fsync: "NORMAL" });
    await startedRun(first, "r");
    expect(await first.info()).toEqual({ schemaVersion: SCHEMA_VERSION, path, fsync: "NORMAL" });
    await first.close();
    const again = await openStore({ path });
    expect(await again.getRun("r")).toMatchObject({ status: "STARTED", epoch: 1 });
    await again.close();
  });

  test("keeps what was acknowledged when its process is killed", async () => {
    const path = newPath();
    const { text } = await inProcess(
      path,
      `await store.createRun(${JSON.stringify(newRun("r"))}); console.log("stored"); process.kill(process.pid, "SIGKILL");`,
    );
    expect(text).toBe("stored\n");
    const store = await openStore({ path });
    expect(await store.getRun("r")).toMatchObject({ status: "NOT_STARTED" });
    await store.close();
  });

  test("refuses a schema that a later version wrote", async () => {
    const path = newPath();
    await (await openStore({ path })).close();
    const db = new Database(path);
    db.exec(`insert into schema_migration (version, name) values (${SCHEMA_VERSION + 1}, 'later')`);
    db.close();
    await expect(openStore({ path })).rejects.toMatchObject({
      name: "StoreError",
      code: "STORE.NEWER_SCHEMA",
      message: `The store ${path} has schema ${SCHEMA_VERSION + 1}; this version of Millrace knows schema ${SCHEMA_VERSION}.\n  → Use the version of Millrace that wrote it, or a later one.`,
    });
  });

  test("refuses a file that is no store", async () => {
    const path = newPath();
    writeFileSync(path, "no database at all. ".repeat(500));
    await expect(openStore({ path })).rejects.toMatchObject({
      name: "StoreError",
      code: "STORE.CORRUPT",
      message: `The store ${path} is damaged, or is no Millrace store.\n  → Move the file away (keep its -wal beside it) and restore a backup, or start with a new one.`,
    });
  });

  test("refuses a folder that is not there", async () => {
    await expect(openStore({ path: "/proc/nope/x.db" })).rejects.toMatchObject({
      name: "StoreError",
      code: "STORE.UNREADABLE",
      message: "The store /proc/nope/x.db cannot be opened.\n  → Check that its folder exists and that this user may read and write it.",
    });
  });

  test("says that it is closed to whoever asks afterwards, and closes once", async () => {
    const path = newPath();
    const store = await openStore({ path });
    const asked = store.createRun(newRun("r"));
    await Promise.all([store.close(), store.close()]);
    expect(await asked).toMatchObject({ id: "r" });
    await expect(store.getRun("r")).rejects.toMatchObject({
      code: "STORE.CLOSED",
      message: `The store ${path} is closed.\n  → Await what uses the store before it is closed.`,
    });
  });

  test("rejects what cannot be sent to its thread, and goes on", async () => {
    const store = await openStore({ path: newPath() });
    await expect(store.createRun(newRun("r", { plan: (() => 1) as never }))).rejects.toThrow("could not be cloned");
    expect(await store.getRun("r")).toBeUndefined();
    await store.close();
  });

  test("lets two processes write at once, and loses nothing", async () => {
    const path = newPath();
    const body = (name: string): string => `
      const owner = { pid: process.pid, processStartedAt: "0", bootId: "b", host: "h" };
      await store.createRun({ ...${JSON.stringify(newRun(name))} });
      const epoch = await store.claimRun(${JSON.stringify(name)}, owner, 1, 1000);
      for (let turn = 0; turn < 40; turn++)
        await Promise.all([1, 2, 3].map((n) => store.appendEvents(${JSON.stringify(name)}, epoch, undefined, [{ type: "LOG", atMs: turn, payload: { message: String(n) } }])));
      await store.createRun({ ...${JSON.stringify(newRun("shared"))}, id: "shared-" + ${JSON.stringify(name)}, runKey: "shared" }).then(() => console.log("made"), (error) => console.log(error.code));
      await store.close();`;
    const ended = await Promise.all([inProcess(path, body("one")), inProcess(path, body("two"))]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(ended.map(({ text }) => text).sort()).toEqual(["STORE.DUPLICATE_RUN\n", "made\n"]);
    const store = await openStore({ path });
    for (const runId of ["one", "two"])
      expect((await store.events({ runId, afterSeq: 0, limit: 1000 })).map(({ seq }) => seq)).toEqual(
        Array.from({ length: 121 }, (_, index) => index + 1),
      );
    await store.close();
  });

  test("sees what another process has written since it last read", async () => {
    const path = newPath();
    const store = await openStore({ path });
    expect(await store.getRun("r")).toBeUndefined();
    expect(await inProcess(path, `await store.createRun(${JSON.stringify(newRun("r"))}); await store.close();`)).toEqual({
      code: 0,
      text: "",
    });
    expect(await store.getRun("r")).toMatchObject({ id: "r" });
    await store.close();
  });

  test("lets the process exit when it is open and idle, also while it keeps a lease", async () => {
    const body = `await store.createRun(${JSON.stringify(newRun("r"))}); await store.claimRun("r", { pid: 1, processStartedAt: "0", bootId: "b", host: "h" }, Date.now(), 600); await store.keepLease("r", 1, 600); console.log("idle");`;
    expect(await inProcess(newPath(), body)).toEqual({ code: 0, text: "idle\n" });
  });

  test("opens whatever flags its process was started with", async () => {
    expect(await inProcess(newPath(), `console.log((await store.info()).schemaVersion);`, ["--input-type=commonjs"])).toEqual({
      code: 0,
      text: `${SCHEMA_VERSION}\n`,
    });
  });

  test("renews a lease while the main thread is busy", async () => {
    const store = await openStore({ path: newPath() });
    const epoch = await startedRun(store, "r");
    await store.commit(batch("r", epoch, { claims: [claim("a", "A1")] }));
    await store.keepLease("r", epoch, 60);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    expect((await store.runsToRepair())[0]?.leaseUntilMs).toBeGreaterThan(Date.now() - 60);
    await store.dropLease("r");
    await store.close();
  });
});
