import { relative } from "node:path";
import { DefinitionError, MillraceError, messageOf } from "../../src/base/errors.js";
import { jsonSchemaOf } from "../../src/config/json-schema.js";
import type { Settings } from "../instance/settings.js";
import { codeVersion } from "../load/code-version.js";
import { gatherImportFailures, type ImportFailure } from "../load/gather-import-failures.js";
import { importUserModule } from "../load/import-module.js";
import type { ResolvedDefinitions } from "../scan/bindings.js";
import { ScanError, type ScanProblem } from "../scan/scan-error.js";
import type { ResolveOptions } from "../scan/resolve-definitions.js";
import { definitionsOf, scanDefinitions } from "../scan/scan-definitions.js";

/** Imports the definitions module and resolves what it exports. */
export async function loadDefinitions(
  settings: Settings,
  options: Pick<ResolveOptions, "completeResources"> = {},
): Promise<{ resolved: ResolvedDefinitions; codeVersion: string }> {
  const path = definitionsPath(settings);
  const failures: ImportFailure[] = [];
  let value: unknown;
  try {
    value = await gatherImportFailures(failures, async () => definitionsOf(await importUserModule(path)));
  } catch (error) {
    if (failures.length === 0) throw error;
    throw new ScanError([...failures, { file: path, error }].map(problemOf));
  }
  const moduleProblems = failures.map(problemOf);
  const resolved = await scanDefinitions(value, path, { ...options, schemaOf: jsonSchemaOf, moduleProblems });
  return { resolved, codeVersion: codeVersion(settings.root) };
}

function problemOf({ file, error }: ImportFailure): ScanProblem {
  const [message = ""] = messageOf(error).split("\n  → ");
  const name = relative(process.cwd(), file);
  return {
    code: error instanceof MillraceError ? error.code : "DEFINITION.MODULE_NOT_LOADED",
    message: `${name} cannot be imported: ${message.replace(/\n/g, "\n     ")}`,
    fix:
      (error instanceof MillraceError ? error.fix : undefined) ?? "Correct the error in that file; what it would export is missing here.",
  };
}

function definitionsPath(settings: Settings): string {
  if (settings.definitions !== undefined) return settings.definitions;
  throw new DefinitionError("DEFINITION.NO_MODULE", `There is no definitions module in ${settings.root}.`, {
    fix: 'Create definitions.ts, name yours in millrace.config.ts (`export default { definitions: "./src/defs.ts" }`), or pass -f PATH.',
  });
}
