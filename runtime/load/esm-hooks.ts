import { readFileSync } from "node:fs";
import type { InitializeHook, LoadHook, ResolveHook } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { MessagePort } from "node:worker_threads";
import { bridgeToCommonJs } from "./commonjs-bridge.js";
import { isInNodeModules, isTypeScript, moduleSystemOf } from "./module-system.js";
import { contentHash, isUserModule } from "./loaded-modules.js";
import { resolveTypeScript } from "./resolve-typescript.js";
import { transpile } from "./transpile.js";

/** What the loader's thread tells the main one. */
export interface LoadedNote {
  readonly path: string;
  readonly hash: string;
}

let port: MessagePort | undefined;
let mainUrl: string | undefined;

/** Runs on the loader's thread, before any other hook. */
export const initialize: InitializeHook<{ port: MessagePort }> = (data) => {
  port = data.port;
  port.unref();
};

/** `./orders.js` → `orders.ts`, extensionless files, `paths` of tsconfig.json: for importers in TypeScript only. */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const importer = context.parentURL?.startsWith("file:") ? fileURLToPath(context.parentURL) : undefined;
  const found =
    importer && isTypeScript(importer) && !isInNodeModules(importer)
      ? resolveTypeScript(withoutQuery(specifier), dirname(importer))
      : undefined;
  const resolved = await nextResolve(found ? pathToFileURL(found).href + queryOf(specifier) : specifier, context);
  if (context.parentURL === undefined) mainUrl ??= resolved.url;
  return resolved;
};

/** TypeScript → JavaScript of its module system; a note of every user module that passes. */
export const load: LoadHook = async (url, context, nextLoad) => {
  const path = url.startsWith("file:") ? fileURLToPath(withoutQuery(url)) : undefined;
  if (!path || isInNodeModules(path)) return nextLoad(url, context);
  if (!isTypeScript(path)) return loadJavaScript(url, path, context, nextLoad);
  // The process's main file stays with Node's own loader, so that `require.main === module` holds in it.
  if (moduleSystemOf(path) === "commonjs") {
    if (url === mainUrl) return { format: "commonjs", source: undefined as never, shortCircuit: true };
    return { format: "module", source: bridgeToCommonJs(path), shortCircuit: true };
  }
  const source = readFileSync(path, "utf8");
  note(path, source);
  return { format: "module", source: transpile(path, source), shortCircuit: true };
};

async function loadJavaScript(url: string, path: string, context: Parameters<LoadHook>[1], nextLoad: Parameters<LoadHook>[2]) {
  const loaded = await nextLoad(url, context);
  // CommonJS arrives without its text and goes on to the other loader, which notes it there.
  if (loaded.format !== "commonjs" && loaded.source && isUserModule(path)) note(path, readFileSync(path));
  return loaded;
}

function note(path: string, source: string | Uint8Array): void {
  port?.postMessage({ path, hash: contentHash(source) } satisfies LoadedNote);
}

function withoutQuery(specifier: string): string {
  return specifier.replace(/[?#].*$/, "") || specifier;
}

function queryOf(specifier: string): string {
  return /\?.*$/.exec(specifier)?.[0] ?? "";
}
