import { basename } from "node:path";
import type { Options } from "@swc/core";
import { DefinitionError } from "../../src/base/errors.js";
import { decoratorPlaces } from "./decorator-places.js";
import { hasMetadataGuards, relinkMetadataImports } from "./metadata-imports.js";
import { moduleSystemOf, type ModuleSystem } from "./module-system.js";
import { addMappings } from "./source-map.js";
import { cacheKey, readCached, writeCached } from "./transpile-cache.js";
import { loadSettingsFor } from "./tsconfig.js";

type Swc = typeof import("@swc/core");

/** Raise when the text that {@link transpile} makes of the same source changes. */
const revision = "2";

/**
 * JavaScript of a TypeScript file, with decorator metadata and an inline source map; from the cache where it can be.
 * @param path - absolute path; its nearest package.json decides the module system, its tsconfig.json the class fields
 * @throws {@link DefinitionError} `DEFINITION.SYNTAX` with file and line. Types are not checked.
 * @remarks Imports keep the specifiers that were written; the hooks resolve them.
 */
export function transpile(path: string, source: string): string {
  const system = moduleSystemOf(path);
  const { useDefineForClassFields } = loadSettingsFor(path);
  const key = cacheKey([source, basename(path), system, String(useDefineForClassFields), swcVersion(), revision]);
  const cached = readCached(path, key);
  if (cached !== undefined) return cached;
  const code = compile(path, source, system, useDefineForClassFields);
  writeCached(path, key, code);
  return code;
}

function compile(path: string, source: string, system: ModuleSystem, useDefineForClassFields: boolean): string {
  // Required here, not above: swc takes 40 ms to load, and a warm start never needs it.
  const swc = require("@swc/core") as Swc;
  const options = optionsFor(path, system, useDefineForClassFields);
  const { code, map } = transform(() => swc.transformSync(source, options), path);
  const linkable =
    system === "module" && hasMetadataGuards(code)
      ? relinkMetadataImports(code, swc.transformSync(source, withoutMetadata(options)).code)
      : code;
  const places = withDecorators(swc, options, { source, code, map: map ?? "" });
  return `${linkable}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${Buffer.from(places).toString("base64")}\n`;
}

/**
 * The map with the places of decorators: what a declaration tells of itself comes from there.
 * @remarks Two parses: 4 ms more for a file of 130 lines, once for each version of it.
 */
function withDecorators(swc: Swc, options: Options, { source, code, map }: { source: string; code: string; map: string }): string {
  if (!code.includes("_ts_decorate([")) return map;
  const tree = swc.parseSync(source, options.jsc?.parser);
  return addMappings(map, decoratorPlaces({ text: source, tree }, { text: code, tree: swc.parseSync(code, { syntax: "ecmascript" }) }));
}

function optionsFor(path: string, system: ModuleSystem, useDefineForClassFields: boolean): Options {
  return {
    swcrc: false,
    configFile: false,
    filename: basename(path), // a name, not a path: the cache survives a move, and the map is relative to the file anyway
    sourceMaps: true,
    inlineSourcesContent: false,
    jsc: {
      target: "es2022",
      keepClassNames: true,
      parser: { syntax: "typescript", decorators: true, tsx: path.endsWith(".tsx") },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields },
    },
    module: system === "module" ? { type: "es6" } : { type: "commonjs", ignoreDynamic: true, exportInteropAnnotation: true },
  };
}

function withoutMetadata(options: Options): Options {
  const transformOptions = { ...options.jsc?.transform, decoratorMetadata: false };
  return { ...options, sourceMaps: false, jsc: { ...options.jsc, transform: transformOptions } };
}

function transform<T>(run: () => T, path: string): T {
  try {
    return run();
  } catch (error) {
    throw syntaxError(path, error);
  }
}

/** swc's frame without its native stack, headed by a path that an editor can open. */
function syntaxError(path: string, error: unknown): DefinitionError {
  const text = String((error as Error).message).split("\n\nCaused by:")[0] ?? "";
  const [, line = "1", column = "1"] = /\[[^\]\n]*?:(\d+):(\d+)\]/.exec(text) ?? [];
  const what = /^\s*[x×]\s*(.*)$/m.exec(text)?.[1] ?? "it cannot be parsed";
  const frame = text.split("\n").filter((row) => /^\s*(\d+ \||:)/.test(row));
  return new DefinitionError("DEFINITION.SYNTAX", [`Syntax error in ${path}:${line}:${column}: ${what}`, ...frame].join("\n"), {
    fix: "Correct the text there.",
    cause: error,
  });
}

let version: string | undefined;

function swcVersion(): string {
  version ??= (require("@swc/core/package.json") as { version: string }).version;
  return version;
}
