import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Asset, dailyPartitions, Definitions, PartitionedAssetContext, Pipeline } from "millrace";
import type { openProjectStore } from "../../runtime/instance/open-store";
import type { thisProcess } from "../../runtime/instance/process-identity";
import type { Settings } from "../../runtime/instance/settings";
import type { Backfills } from "../../runtime/launch/backfills";
import type { Session } from "../../runtime/launch/session";
import type { scanDefinitions } from "../../runtime/scan/scan-definitions";
import type { Clock } from "../../src/base/clock";
import { databaseOf } from "./database-of";

const days = dailyPartitions({ start: "2024-01-01", end: "2024-01-04" });

/** Orders of every day but this one can be made before it is mended. */
const BROKEN: readonly string[] = ["2024-01-02", "2024-01-03"];

/** Three days, two of which fail until they are mended, and a range over them; something else that another backfill makes. */
function daysOf(mendedFile: string): new () => object {
  @Pipeline()
  class Days {
    @Asset({ partitions: days })
    orders({ partitionKey }: PartitionedAssetContext): number {
      if (BROKEN.includes(partitionKey) && !existsSync(mendedFile)) throw new Error("no orders");
      return 1;
    }

    @Asset({ partitions: days, backfill: { maxPartitionsPerRun: "all" }, deps: ["orders"] })
    index(): void {}

    @Asset({ partitions: days })
    returns(): void {}
  }
  return Days;
}

/** The parts of the product that a backfill takes: in the scenario's process those that were built. */
export interface BuiltBackfills {
  readonly openProjectStore: typeof openProjectStore;
  readonly thisProcess: typeof thisProcess;
  readonly Session: typeof Session;
  readonly Backfills: typeof Backfills;
  readonly scanDefinitions: typeof scanDefinitions;
  readonly systemClock: Clock;
}

/** The project of the scenario in this folder, opened as a command opens it. */
export async function openedDays(home: string, product: BuiltBackfills) {
  const mendedFile = join(home, "mended");
  const resolved = await product.scanDefinitions(new Definitions({ pipelines: [daysOf(mendedFile)] }), "The days");
  const { store, storageDir } = await product.openProjectStore({
    home: join(home, "store"),
    fsync: "FULL",
    ...databaseOf(home),
  } as Settings);
  const session = new product.Session({
    resolved,
    storageDir,
    clock: product.systemClock,
    codeVersion: "v1",
    env: {},
    owner: product.thisProcess(),
    store,
    concurrency: 2,
    cancelGraceMs: 10_000,
  });
  return { store, backfills: new product.Backfills(session), mend: () => writeFileSync(mendedFile, "") };
}
