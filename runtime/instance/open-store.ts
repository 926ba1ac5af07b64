import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "../../src/base/clock.js";
import { StoreError, messageOf } from "../../src/base/errors.js";
import type { Store } from "../../src/storage/store.js";
import { openStore } from "../store/store-proxy.js";
import { repairBackfills, repairStore } from "./repair.js";
import { sweepStorage } from "./sweep-storage.js";
import type { Settings } from "./settings.js";

/** The store of a project, open. */
export interface OpenedStore {
  readonly store: Store;
  /** Where IO managers keep values. */
  readonly storageDir: string;
  /** Runs that a process which is gone had left. */
  readonly repaired: readonly string[];
  /** Backfills that such a process drove. */
  readonly repairedBackfills: readonly string[];
}

/** The store: the path of a file, or the URL of a database. */
export function storeOf(settings: Settings): string {
  return settings.store ?? join(settings.home, "millrace.db");
}

/** Whether opening it makes nothing that was not there; of a database that is not known, and its schema is no file that someone would find. */
export function isStoreThere(settings: Settings): boolean {
  return settings.store !== undefined || existsSync(storeOf(settings));
}

/** Opens the project's store, makes it where there is none, repairs runs and backfills whose process is gone, and sweeps away what those left half-written. */
export async function openProjectStore(settings: Settings): Promise<OpenedStore> {
  makeHome(settings);
  const store = await openStore({ path: storeOf(settings), fsync: settings.fsync });
  const storageDir = join(settings.home, "storage");
  const nowMs = systemClock.nowMs();
  const repaired = await repairStore(store, nowMs);
  const repairedBackfills = await repairBackfills(store, nowMs);
  if (repaired.length > 0) await sweepStorage(store, storageDir);
  return { store, storageDir, repaired, repairedBackfills };
}

/** Makes the folder of stored values, and of the store when that is a file. */
export function makeHome(settings: Settings): void {
  try {
    makeFolder(join(settings.home, "storage"));
  } catch (error) {
    throw new StoreError("STORE.UNREADABLE", `The store's folder ${settings.home} cannot be made: ${messageOf(error)}.`, {
      fix: "Give the folder write permission, or set MILLRACE_HOME to one that has it.",
      cause: error,
    });
  }
  const places = settings.store === undefined ? [settings.home, storeOf(settings)] : [settings.home];
  try {
    for (const path of places.filter(existsSync)) accessSync(path, constants.W_OK);
  } catch (error) {
    throw new StoreError("STORE.READ_ONLY", `The store ${places.at(-1) ?? ""} cannot be written: it is read-only.`, {
      fix: "Make the file and its folder writable for this user, or set MILLRACE_HOME to another folder.",
      cause: error,
    });
  }
}

/** Not `mkdirSync(…, { recursive: true })`: below a folder that can hold none, such as /proc, that never returns. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process was first
  }
}
