import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { loadedModules } from "./loaded-modules.js";

const lockFiles = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock"];

/**
 * One hash of the code that this process runs: every user module loaded so far, and the lock file for the rest.
 *
 * The same for two checkouts of one commit in different folders; another after any edit to a loaded file or an update of a dependency.
 * @param cwd - a folder of the project; the nearest lock file above it marks the project's root
 * @returns sha256 in hex
 */
export function codeVersion(cwd: string = process.cwd()): string {
  const root = projectRoot(cwd);
  const hash = createHash("sha256");
  const modules = [...loadedModules()].map(([path, content]) => [relative(root, path).split(sep).join("/"), content] as const);
  for (const [path, content] of modules.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) hash.update(`${path}\0${content}\n`);
  for (const name of lockFiles) {
    const path = join(root, name);
    if (existsSync(path)) hash.update(`${name}\0`).update(readFileSync(path)).update("\n");
  }
  return hash.digest("hex");
}

function projectRoot(cwd: string): string {
  const nearest = (names: readonly string[], folder: string): string | undefined => {
    if (names.some((name) => existsSync(join(folder, name)))) return folder;
    const parent = dirname(folder);
    return parent === folder ? undefined : nearest(names, parent);
  };
  return nearest(lockFiles, cwd) ?? nearest(["package.json"], cwd) ?? cwd;
}
