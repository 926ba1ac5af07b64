import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.js";
import { DefinitionError, StoreError, messageOf } from "../../src/base/errors.js";
import { jsonSchemaOf } from "../../src/config/json-schema.js";
import type { RunStore } from "../../src/storage/run-store.js";
import { codeVersion } from "../load/code-version.js";
import { importUserModule } from "../load/import-module.js";
import type { ResolvedDefinitions } from "../scan/bindings.js";
import { scanDefinitions } from "../scan/scan-definitions.js";
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

/** Imports the definitions module and resolves what it exports. */
export async function loadDefinitions(settings: Settings): Promise<{ resolved: ResolvedDefinitions; codeVersion: string }> {
  const path = definitionsPath(settings);
  const module = await importUserModule(path);
  const exported = defaultExport(module);
  const resolved = await scanDefinitions(exported, path, { schemaOf: jsonSchemaOf });
  return { resolved, codeVersion: codeVersion(settings.root) };
}

function definitionsPath(settings: Settings): string {
  if (settings.definitions !== undefined) return settings.definitions;
  throw new DefinitionError("DEFINITION.NO_MODULE", `There is no definitions module in ${settings.root}.`, {
    fix: 'Create definitions.ts, name yours in millrace.config.ts (`export default { definitions: "./src/defs.ts" }`), or pass -f PATH.',
  });
}

/** The default export, through the wrapping that importing CommonJS from ESM adds. */
function defaultExport(module: unknown): unknown {
  const first = (module as { default?: unknown } | null)?.default;
  const second = typeof first === "object" && first !== null && "default" in first ? (first as { default: unknown }).default : undefined;
  return second ?? first;
}
