import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Asset, Definitions, FileIOManager, InMemoryIOManager, type OutputContext, Pipeline } from "../../../runtime/entries/index.js";
import { openProjectStore } from "../../../runtime/instance/open-store.js";
import { thisProcess } from "../../../runtime/instance/process-identity.js";
import type { Settings } from "../../../runtime/instance/settings.js";
import { Session } from "../../../runtime/launch/session.js";
import { scanDefinitions } from "../../../runtime/scan/scan-definitions.js";
import { openMemoryStore } from "../../../runtime/store/memory-store.js";
import { systemClock } from "../../../src/base/clock.js";
import { attemptAddress, fixedAddress } from "../../../src/io/places/attempt-file.js";
import { JsonCodec } from "../../../src/io/json-codec.js";
import { newRun } from "../../contracts/run-store.contract";

/** Writes half a value and never comes back. */
class StuckCodec extends JsonCodec {
  static paths: string[] = [];
  override write(_: unknown, path: string): Promise<void> {
    writeFileSync(path, "hal");
    StuckCodec.paths.push(path);
    return new Promise(() => undefined);
  }
}
class StuckFiles extends FileIOManager {
  override codec = new StuckCodec();
}

@Pipeline({ io: StuckFiles.with({}) })
class Stuck {
  @Asset({ timeout: 20 }) stuck(): number {
    return 1;
  }
}

/** Is killed, as it were, between two attempts: nobody discards what the first one stored. */
class Killed extends InMemoryIOManager {
  static asked: [attemptId: string, isCurrent: boolean][] = [];
  static stored: string[] = [];
  override async store(stored: unknown, context: OutputContext): Promise<void> {
    Killed.stored.push(context.attemptId);
    await super.store(stored, context);
  }
  override async sweep(isCurrent: (attemptId: string) => Promise<boolean>): Promise<string[]> {
    for (const attemptId of [...Killed.stored, "of another store"]) Killed.asked.push([attemptId, await isCurrent(attemptId)]);
    return [];
  }
}

@Pipeline({ io: Killed.with({}) })
class Shop {
  @Asset() orders(): number {
    return 1;
  }
}

describe("what attempts leave half-written", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-sweep-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is swept away at the end of a run that had to abandon one", async () => {
    const storageDir = join(folder, "abandoned");
    const store = openMemoryStore();
    const resolved = await scanDefinitions(new Definitions({ pipelines: [Stuck] }), "The definitions");
    const session = new Session({ resolved, store, storageDir, clock: systemClock, concurrency: 1, cancelGraceMs: 1, codeVersion: "v", env: {}, owner: thisProcess() }); // prettier-ignore
    expect(await session.materialize()).toMatchObject({ status: "FAILURE" });
    expect(StuckCodec.paths).toHaveLength(1);
    expect(readdirSync(storageDir)).toEqual([]);
    await store.close();
  });

  it("is swept away by managers that keep it elsewhere, at the end of a run that succeeded, unless the store does not know the attempt", async () => {
    const store = openMemoryStore();
    const resolved = await scanDefinitions(new Definitions({ pipelines: [Shop] }), "The definitions");
    const session = new Session({ resolved, store, storageDir: folder, clock: systemClock, concurrency: 1, cancelGraceMs: 1, codeVersion: "v", env: {}, owner: thisProcess() }); // prettier-ignore
    expect(await session.materialize()).toMatchObject({ status: "SUCCESS" });
    expect(Killed.asked).toEqual([
      [Killed.stored[0], false],
      ["of another store", true],
    ]);
    await store.close();
  });

  it("is swept away after a repair; what a running attempt writes stays, and what the store does not know", async () => {
    const settings = { home: join(folder, "home"), fsync: "NORMAL" } as Settings;
    const leftBy = (attemptId: string): string => attemptAddress(fixedAddress(storageDir, { assetKey: "a" }, "json"), attemptId);
    const { store, storageDir } = await openProjectStore(settings);
    for (const [id, owner] of [
      ["gone", { ...thisProcess(), processStartedAt: "0" }],
      ["alive", thisProcess()],
    ] as const) {
      await store.createRun(newRun(id, { claimedBy: { owner, leaseMs: 1000 } }));
      const claims = [{ stepKey: "a", attempt: 1, attemptId: `of-${id}`, nowMs: 2, leaseUntilMs: 9 }];
      await store.commit({ runId: id, epoch: 1, nowMs: 2, completions: [], claims, transitions: [], events: [] });
    }
    for (const attemptId of ["of-gone", "of-alive", "of-another-store"]) writeFileSync(leftBy(attemptId), "half");
    const again = await openProjectStore(settings);
    expect(again.repaired).toEqual(["gone"]);
    expect(["of-gone", "of-alive", "of-another-store"].map((attemptId) => existsSync(leftBy(attemptId)))).toEqual([false, true, true]);
    await Promise.all([store.close(), again.store.close()]);
  });
});
