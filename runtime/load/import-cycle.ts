import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, relative } from "node:path";
import { isInNodeModules } from "./module-system.js";
import { resolveTypeScript } from "./resolve-typescript.js";

const importStatement = /^\s*(?:import|export)\s(?!type\s)(?:[^"';]*?\sfrom\s*)?["']([^"']+)["']|\brequire\(\s*["']([^"']+)["']\s*\)/gm;

/**
 * The shortest way from a file through its imports back to itself, or `undefined` when there is none.
 * @returns absolute paths; the first and the last are the same
 */
export function importCycleThrough(path: string): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [path];
  for (let current = queue.shift(); current; current = queue.shift()) {
    for (const next of importsOf(current)) {
      if (next === path) return [...wayTo(current, cameFrom), path];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, current);
      queue.push(next);
    }
  }
  return undefined;
}

/** `a.ts → b.ts → a.ts`, relative to the folder of the first. */
export function printCycle(cycle: readonly string[]): string {
  const folder = dirname(cycle[0] ?? "");
  return cycle.map((path) => relative(folder, path)).join(" → ");
}

function wayTo(path: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const before = cameFrom.get(path);
  return before === undefined ? [path] : [...wayTo(before, cameFrom), path];
}

function importsOf(path: string): string[] {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  const specifiers = [...source.matchAll(importStatement)].map((match) => match[1] ?? match[2] ?? "");
  return specifiers.flatMap((specifier) => resolveFrom(path, specifier) ?? []);
}

function resolveFrom(path: string, specifier: string): string | undefined {
  const source = resolveTypeScript(specifier, dirname(path));
  if (source) return source;
  if (!specifier.startsWith(".")) return undefined;
  try {
    const resolved = createRequire(path).resolve(specifier);
    return isInNodeModules(resolved) ? undefined : resolved;
  } catch {
    return undefined; // the import itself reports what it cannot find
  }
}
