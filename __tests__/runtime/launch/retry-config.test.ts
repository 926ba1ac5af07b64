import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IsInt, IsString } from "class-validator";
import { Asset, Config, Definitions, Pipeline, Secret, configFor, ref } from "../../../runtime/entries/index.js";
import { thisProcess } from "../../../runtime/instance/process-identity.js";
import { Session } from "../../../runtime/launch/session.js";
import { resolveDefinitions } from "../../../runtime/scan/resolve-definitions.js";
import { openMemoryStore } from "../../../runtime/store/memory-store.js";
import { systemClock } from "../../../src/base/clock.js";

class FetchConfig extends Config {
  @IsInt() limit = 1;
  @IsString() @Secret() token = "none-at-all";
}
const seen: number[] = [];
@Pipeline()
class Sales {
  @Asset() orders(config: FetchConfig): void {
    seen.push(config.limit);
    throw new TypeError("no such column");
  }
}

it("runs again with the configuration of the run, and asks for it where that held secrets", async () => {
  const storageDir = mkdtempSync(join(tmpdir(), "millrace-retry-"));
  const store = openMemoryStore();
  const session = new Session({
    resolved: resolveDefinitions(new Definitions({ pipelines: [Sales] })),
    store,
    storageDir,
    clock: systemClock,
    concurrency: 1,
    cancelGraceMs: 1_000,
    codeVersion: "test",
    env: {},
    owner: thisProcess(),
  });
  const runOf = async (config: Parameters<typeof session.materialize>[1]) => {
    const { runId } = await session.materialize("*", config);
    const run = await store.getRun(runId);
    return run ?? Promise.reject(new TypeError(runId));
  };
  try {
    await session.retry(await runOf({ config: [configFor(ref(Sales, "orders"), { limit: 5 })] }));
    const secret = await runOf({ config: [configFor(ref(Sales, "orders"), { limit: 6, token: "hunter2-hunter2" })] });
    await expect(session.retry(secret)).rejects.toThrow(
      `The configuration of run ${secret.id} held secrets, which are not stored.\n  → Give it again: millrace retry ${secret.id} --config FILE.`,
    );
    await session.retry(secret, { config: { assets: { orders: { limit: 7 } } } });
    expect(seen).toEqual([5, 5, 6, 7]);
  } finally {
    await store.close();
    rmSync(storageDir, { recursive: true, force: true });
  }
});
