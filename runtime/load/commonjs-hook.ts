import { readFileSync } from "node:fs";
import Module from "node:module";
import { dirname } from "node:path";
import { mayImportUserCode } from "./dynamic-imports.js";
import { isInNodeModules, isTypeScript, moduleSystemOf } from "./module-system.js";
import { contentHash, isUserModule, recordLoaded } from "./loaded-modules.js";
import { resolveTypeScript } from "./resolve-typescript.js";
import { transpile } from "./transpile.js";

/** The parts of Node's CommonJS loader that every TypeScript runner leans on; undocumented, and unchanged since Node 0.x. */
interface ModuleInternals {
  _extensions: Record<string, (module: CompilableModule, path: string) => void>;
  _resolveFilename(request: string, parent: NodeModule | undefined, ...rest: unknown[]): string;
}

interface CompilableModule extends NodeModule {
  _compile(code: string, path: string, format?: "module" | "commonjs"): void;
}

/**
 * Teaches `require` to resolve and run TypeScript, and notes each user module that it loads.
 * @param beforeImporter - called before a user module runs that may `import()` another
 */
export function hookCommonJs(beforeImporter: () => void): void {
  const internals = Module as unknown as ModuleInternals;
  hookResolution(internals);
  for (const extension of [".js", ".json"]) noteLoads(internals, extension, beforeImporter);
  for (const extension of [".ts", ".cts", ".mts", ".tsx"])
    internals._extensions[extension] = (module, path) => loadTypeScript(module, path, beforeImporter);
}

function hookResolution(internals: ModuleInternals): void {
  const original = internals._resolveFilename;
  internals._resolveFilename = function (request, parent, ...rest) {
    const importer = parent?.filename;
    const found =
      importer && isTypeScript(importer) && !isInNodeModules(importer) ? resolveTypeScript(request, dirname(importer)) : undefined;
    return original.call(this, found ?? request, parent, ...rest);
  };
}

function noteLoads(internals: ModuleInternals, extension: string, beforeImporter: () => void): void {
  const original = internals._extensions[extension];
  if (!original) return;
  internals._extensions[extension] = (module, path) => {
    if (isUserModule(path)) {
      const source = readFileSync(path, "utf8");
      recordLoaded(path, contentHash(source));
      if (mayImportUserCode(path, source)) beforeImporter();
    }
    original(module, path);
  };
}

function loadTypeScript(module: CompilableModule, path: string, beforeImporter: () => void): void {
  const source = readFileSync(path, "utf8");
  recordLoaded(path, contentHash(source));
  const code = transpile(path, source);
  if (mayImportUserCode(path, code)) beforeImporter();
  module._compile(code, path, moduleSystemOf(path));
}
