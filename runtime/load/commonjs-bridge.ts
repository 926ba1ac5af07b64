import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { resolveTypeScript } from "./resolve-typescript.js";
import { transpile } from "./transpile.js";

/**
 * An ES module that hands on a CommonJS TypeScript file as `require` loads it: one instance, whoever imports it.
 *
 * Node finds the names that a CommonJS file exports by reading its text from disk, which fails on TypeScript;
 * so they are read from the compiled text here.
 */
export function bridgeToCommonJs(path: string): string {
  const names = [...exportedNames(path, new Set())].filter((name) => name !== "default" && /^[\w$]+$/.test(name));
  return [
    `import { createRequire } from "node:module";`,
    `const exported = createRequire(${JSON.stringify(pathToFileURL(path).href)})(${JSON.stringify(path)});`,
    `export default exported;`,
    ...names.map((name, index) => `const export_${index} = exported[${JSON.stringify(name)}]; export { export_${index} as ${name} };`),
  ].join("\n");
}

/** The names that swc defines on `exports` or lists in `0 && (module.exports = { A: null })`, and those that `export *` hands on. */
function exportedNames(path: string, seen: Set<string>): Set<string> {
  if (seen.has(path)) return new Set();
  seen.add(path);
  const code = transpile(path, readFileSync(path, "utf8"));
  const annotation = /^0 && \(module\.exports = \{([^}]*)\}\);$/m.exec(code)?.[1] ?? "";
  const listed = [...annotation.matchAll(/([\w$]+): null/g), ...code.matchAll(/^Object\.defineProperty\(exports, "([\w$]+)", \{$/gm)];
  const names = new Set(listed.map((match) => match[1] ?? "").filter((name) => name !== "__esModule"));
  for (const [, specifier = ""] of code.matchAll(/^0 && __export\(require\("([^"]+)"\)\);$/gm)) {
    const target = resolveTypeScript(specifier, dirname(path));
    if (target) for (const name of exportedNames(target, seen)) names.add(name);
  }
  return names;
}
