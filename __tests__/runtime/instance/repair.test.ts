import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { thisProcess } from "../../../runtime/instance/process-identity";
import { repairStore } from "../../../runtime/instance/repair";
import { openMemoryStore } from "../../../runtime/store/memory-store";
import { openStore } from "../../../runtime/store/store-proxy";
import type { Owner, RunStore } from "../../../src/storage/run-store";
import { newRun } from "../../contracts/run-store.contract";

const dist = resolve(__dirname, "../../../dist/runtime");
const LEASE_MS = 1000;
const muchLaterMs = 1e15;

/** Its lease ends at 1001. */
const runOf = async (store: RunStore, id: string, owner: Owner) =>
  store.createRun(newRun(id, { createdAtMs: 1, claimedBy: { owner, leaseMs: LEASE_MS } }));
const reasonsOf = async (store: RunStore, id: string) =>
  (await store.events({ runId: id, afterSeq: 0, limit: 100 })).flatMap(({ type, payload }) =>
    type === "RUN_FAILURE" ? [payload?.reason] : [],
  );

describe("repair", () => {
  let store: RunStore;
  beforeEach(() => (store = openMemoryStore()));
  afterEach(() => store.close());

  test.each<[string, Partial<Owner>]>([
    ["another host", { host: "elsewhere" }],
    ["an earlier boot of a host of this name", { bootId: "before" }],
    ["another container", { pidNamespace: "pid:[1]" }],
  ])("takes the run of a process on %s when its lease has lapsed, and not before", async (_, place) => {
    await runOf(store, "r", { ...thisProcess(), ...place });
    expect(await repairStore(store, 1000)).toEqual([]);
    expect(await store.getRun("r")).toMatchObject({ status: "STARTED", epoch: 1 });
    await store.renewLease("r", 1, 2000);
    expect(await repairStore(store, 1999)).toEqual([]);
    expect(await repairStore(store, 2000)).toEqual(["r"]);
    expect(await store.getRun("r")).toMatchObject({ status: "FAILURE", epoch: 2 });
    expect(await store.renewLease("r", 1, 3000)).toBe(false);
    expect(await reasonsOf(store, "r")).toEqual([
      `The process that ran it (pid ${process.pid} on ${place.host ?? thisProcess().host}) let its lease lapse.`,
    ]);
  });

  test("takes the run of a process that is gone at once, and tells it from a later one with its number", async () => {
    await runOf(store, "r", { ...thisProcess(), processStartedAt: "0" });
    expect(await repairStore(store, 2)).toEqual(["r"]);
    expect(await reasonsOf(store, "r")).toEqual([`The process that ran it (pid ${process.pid} on ${thisProcess().host}) is gone.`]);
  });

  test("leaves the run of a living process alone, also when its lease has lapsed", async () => {
    await runOf(store, "r", thisProcess());
    expect(await repairStore(store, muchLaterMs)).toEqual([]);
    expect(await store.getRun("r")).toMatchObject({ status: "STARTED", epoch: 1 });
  });
});

describe("repair between processes", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-repair-"));
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  /** A process that owns run "r" and then keeps its thread busy for ever; resolves when it does. */
  const busyOwner = async (path: string, command: (node: string, body: string) => [string, string[]]) => {
    const body = `
      const { openStore } = require(${JSON.stringify(`${dist}/store/store-proxy.js`)});
      const { thisProcess } = require(${JSON.stringify(`${dist}/instance/process-identity.js`)});
      openStore({ path: ${JSON.stringify(path)} }).then(async (store) => {
        await store.createRun({ ...${JSON.stringify(newRun("r"))}, claimedBy: { owner: thisProcess(), leaseMs: ${LEASE_MS} } });
        require("node:fs").writeSync(1, process.pid + "\\n");
        for (;;);
      });`;
    const child = spawn(...command(process.execPath, body), { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    const [line] = await new Promise<string[]>((done) => createInterface({ input: child.stdout }).once("line", (text) => done([text])));
    return { child, pid: Number(line) };
  };
  const ended = (child: ChildProcess) => new Promise((done) => child.once("exit", done));

  test("a run is its process's while it lives, however busy it is, and is repaired once it was killed", async () => {
    const path = join(folder, "killed.db");
    const { child } = await busyOwner(path, (node, body) => [node, ["-e", body]]);
    const store = await openStore({ path });
    expect(await repairStore(store, muchLaterMs)).toEqual([]);
    expect(await store.getRun("r")).toMatchObject({ status: "STARTED", epoch: 1 });
    child.kill("SIGKILL");
    await ended(child);
    const second = await openStore({ path });
    const repaired = await Promise.all([repairStore(store, 2), repairStore(second, 2)]);
    expect(repaired.flat()).toEqual(["r"]);
    expect(await second.getRun("r")).toMatchObject({ status: "FAILURE", epoch: 2 });
    await Promise.all([store.close(), second.close()]);
  });

  test("a dead process that its parent has not waited for is gone", async () => {
    const path = join(folder, "zombie.db");
    const { child, pid } = await busyOwner(path, (node, body) => ["sh", ["-c", '"$0" -e "$1" & exec sleep 600', node, body]]);
    process.kill(pid, "SIGKILL");
    const store = await openStore({ path });
    // The signal is on its way; the process's memory is gone in a moment.
    for (let left = 1000; left > 0 && (await repairStore(store, 2)).length === 0; left--);
    expect(await store.getRun("r")).toMatchObject({ status: "FAILURE" });
    await store.close();
    child.kill("SIGKILL");
    await ended(child);
  });
});
