import { DefinitionError } from "../../src/base/errors.js";
import { jsonSchemaOf } from "../../src/config/json-schema.js";
import type { Settings } from "../instance/settings.js";
import { codeVersion } from "../load/code-version.js";
import { importUserModule } from "../load/import-module.js";
import type { ResolvedDefinitions } from "../scan/bindings.js";
import { scanDefinitions } from "../scan/scan-definitions.js";

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
