import { statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { loadSettingsFor } from "./tsconfig.js";

const sourceExtensions: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
  ".jsx": [".tsx"],
};

/**
 * The file that a TypeScript importer means, or `undefined` where Node's own answer is right.
 *
 * `./orders.js` is `orders.ts` where that exists (also when a build left an `orders.js` beside it), `./orders` is
 * `orders.ts` or `orders/index.ts`, and `paths` and `baseUrl` of tsconfig.json come before packages.
 * @param specifier - as written, without a query
 * @param folder - absolute folder of the importer
 */
export function resolveTypeScript(specifier: string, folder: string): string | undefined {
  if (isRelative(specifier) || isAbsolute(specifier)) return sourceOf(resolve(folder, specifier), specifier.endsWith("/"));
  if (specifier.startsWith("node:") || specifier.startsWith("#")) return undefined;
  for (const candidate of loadSettingsFor(resolve(folder, "_")).candidates(specifier)) {
    const found = sourceOf(candidate, false) ?? (isFile(candidate) ? candidate : undefined);
    if (found) return found;
  }
  return undefined;
}

function isRelative(specifier: string): boolean {
  return /^\.\.?(\/|$)/.test(specifier);
}

function sourceOf(path: string, folderOnly: boolean): string | undefined {
  const extension = /\.[mc]?jsx?$/.exec(path)?.[0];
  const swapped = (extension ? (sourceExtensions[extension] ?? []) : []).map((source) => path.slice(0, -extension!.length) + source);
  const added = folderOnly ? [] : [`${path}.ts`, `${path}.tsx`, `${path}.mts`, `${path}.cts`];
  // A file of exactly this name wins over one with an extension added, but not over the source it was compiled from.
  return (
    swapped.find(isFile) ?? (isFile(path) ? undefined : [...added, resolve(path, "index.ts"), resolve(path, "index.mts")].find(isFile))
  );
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
