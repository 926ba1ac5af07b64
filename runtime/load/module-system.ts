import { readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";

/** How Node runs a file: which of its two loaders, and whether `require` or `import` reaches it. */
export type ModuleSystem = "commonjs" | "module";

const typeByFolder = new Map<string, ModuleSystem>();

/** The system of a TypeScript or JavaScript file by Node's own rule: its extension, else `"type"` of the nearest package.json. */
export function moduleSystemOf(path: string): ModuleSystem {
  const extension = extname(path);
  if (extension === ".mts" || extension === ".mjs") return "module";
  if (extension === ".cts" || extension === ".cjs") return "commonjs";
  return typeOfFolder(dirname(path));
}

/** Whether a path names TypeScript that has to be transpiled; declaration files hold nothing to run. */
export function isTypeScript(path: string): boolean {
  return /\.(ts|mts|cts|tsx)$/.test(path) && !/\.d\.[mc]?ts$/.test(path);
}

/** Whether a path lies in a dependency: those ship JavaScript and are left to Node. */
export function isInNodeModules(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path);
}

function typeOfFolder(folder: string): ModuleSystem {
  const known = typeByFolder.get(folder);
  if (known) return known;
  const parent = dirname(folder);
  const found = packageType(folder) ?? (parent === folder ? "commonjs" : typeOfFolder(parent));
  typeByFolder.set(folder, found);
  return found;
}

function packageType(folder: string): ModuleSystem | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, "package.json"), "utf8");
  } catch {
    return undefined; // no package.json here: the parent decides
  }
  try {
    return (JSON.parse(text) as { type?: unknown }).type === "module" ? "module" : "commonjs";
  } catch {
    return "commonjs"; // Node itself reports a package.json that is not JSON
  }
}
