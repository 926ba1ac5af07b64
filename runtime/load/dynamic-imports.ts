import { createRequire, isBuiltin } from "node:module";
import { isInNodeModules, isTypeScript } from "./module-system.js";

/** `import`, blanks and comments, a parenthesis, and the specifier if it is plain text. */
const DYNAMIC = /\bimport(?:\s|\/\*[\s\S]*?\*\/|\/\/.*\n)*\((?:\s*(["'`])([^"'`$]*)\1\s*[),])?/g;

/**
 * Whether a CommonJS module may `import()` a file that only a taught `import` can run: anything but JavaScript of a dependency.
 * @param code - its JavaScript; an `import(` in a comment or a text counts too, so that the answer is never wrongly no
 */
export function mayImportUserCode(path: string, code: string): boolean {
  for (const [, , specifier] of code.matchAll(DYNAMIC)) if (specifier === undefined || !leadsToDependency(path, specifier)) return true;
  return false;
}

function leadsToDependency(importer: string, specifier: string): boolean {
  if (isBuiltin(specifier)) return true;
  try {
    const file = createRequire(importer).resolve(specifier);
    return isInNodeModules(file) && !isTypeScript(file);
  } catch {
    return false;
  }
}
