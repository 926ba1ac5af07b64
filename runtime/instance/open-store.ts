import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.js";
import { StoreError, messageOf } from "../../src/base/errors.js";
import type { RunStore } from "../../src/storage/run-store.js";
import { openStore } from "../store/store-proxy.js";
import { repairStore } from "./repair.js";
import type { Settings } from "./settings.js";

/** Opens the project's store, makes it where there is none, and repairs runs whose process is gone. */
export async function openProjectStore(settings: Settings): Promise<{ store: RunStore; storageDir: string; repaired: readonly string[] }> {
  try {
    mkdirSync(join(settings.home, "storage"), { recursive: true });
  } catch (error) {
    throw new StoreError("STORE.UNREADABLE", `The store's folder ${settings.home} cannot be made: ${messageOf(error)}.`, {
      fix: "Give the folder write permission, or set MILLRACE_HOME to one that has it.",
      cause: error,
    });
  }
  const store = await openStore({ path: join(settings.home, "millrace.db"), fsync: settings.fsync });
  const repaired = await repairStore(store, systemClock.nowMs());
  return { store, storageDir: join(settings.home, "storage"), repaired };
}
