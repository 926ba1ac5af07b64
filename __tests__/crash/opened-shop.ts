import { join } from "node:path";
import { Definitions } from "millrace";
import type { openProjectStore } from "../../runtime/instance/open-store";
import type { thisProcess } from "../../runtime/instance/process-identity";
import type { repairBackfills, repairStore } from "../../runtime/instance/repair";
import type { Settings } from "../../runtime/instance/settings";
import type { Session } from "../../runtime/launch/session";
import type { scanDefinitions } from "../../runtime/scan/scan-definitions";
import type { Clock } from "../../src/base/clock";
import type { Store } from "../../src/storage/store";
import { databaseOf } from "./database-of";
import { PIPELINES, Weather } from "./shop";

/** The parts of the product that the suite works with: in the scenario's process those that were built. */
export interface Built {
  readonly openProjectStore: typeof openProjectStore;
  readonly repairStore: typeof repairStore;
  readonly repairBackfills: typeof repairBackfills;
  readonly thisProcess: typeof thisProcess;
  readonly Session: typeof Session;
  readonly scanDefinitions: typeof scanDefinitions;
  readonly systemClock: Clock;
}

/** The shop of the crash suite in this folder, opened as a command opens it: what a dead process left is repaired. */
export async function openedShop(home: string, product: Built, more: readonly (new () => object)[] = []) {
  const mendedFile = join(home, "mended");
  const definitions = new Definitions({ pipelines: [...PIPELINES, ...more], resources: [Weather.with({ mendedFile })] });
  const resolved = await product.scanDefinitions(definitions, "The shop");
  const settings = { home: join(home, "store"), fsync: "FULL", ...databaseOf(home) } as Settings;
  const { store, storageDir, repaired } = await product.openProjectStore(settings);
  const me = product.thisProcess();
  const about = { resolved, storageDir, clock: product.systemClock, codeVersion: "v1", env: {}, owner: me };
  return {
    store,
    storageDir,
    repaired,
    me,
    mendedFile,
    repair: async (of: Store) => {
      await product.repairStore(of, product.systemClock.nowMs());
      await product.repairBackfills(of, product.systemClock.nowMs());
    },
    sessionOn: (of: Store): Session => new product.Session({ ...about, store: of, concurrency: 4, cancelGraceMs: 10_000 }),
  };
}
