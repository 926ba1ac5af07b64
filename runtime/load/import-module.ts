import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { nearest } from "../../src/base/did-you-mean.js";
import { DefinitionError } from "../../src/base/errors.js";
import { explainImportFailure } from "./import-failure.js";
import { moduleSystemOf } from "./module-system.js";
import { registerTypeScript, teachRequire } from "./register.js";

/**
 * The exports of a user's file, TypeScript or JavaScript, of either module system; one instance in a process.
 * @param path - absolute, or relative to the working directory
 * @throws {@link DefinitionError} that names the file and the edit to make; what the module itself threw is its `cause`.
 * An error that Millrace's own decorators threw passes as it is.
 */
export async function importUserModule(path: string): Promise<unknown> {
  const file = resolve(path);
  if (!existsSync(file)) throw notFound(file);
  const isCommonJs = moduleSystemOf(file) === "commonjs";
  if (isCommonJs) teachRequire();
  else registerTypeScript();
  try {
    return isCommonJs ? createRequire(file)(file) : await import(pathToFileURL(file).href);
  } catch (error) {
    throw explainImportFailure(file, error);
  }
}

function notFound(file: string): DefinitionError {
  const folder = dirname(file);
  const siblings = existsSync(folder) ? readdirSync(folder) : [];
  const near = nearest(basename(file), siblings);
  return new DefinitionError("DEFINITION.MODULE_NOT_FOUND", `There is no file ${file}.${near ? ` Did you mean ${near}?` : ""}`, {
    fix: near ? `Write ${join(folder, near)}.` : `Create the file, or correct the path.`,
  });
}
