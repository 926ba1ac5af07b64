import { register } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isMainThread, MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { hookCommonJs } from "./commonjs-hook.js";
import type { LoadedNote } from "./esm-hooks.js";
import { onReadLoaded, recordLoaded } from "./loaded-modules.js";

const requireTaught = Symbol.for("millrace/typescript-registered");
const importTaught = Symbol.for("millrace/typescript-import-registered");

/**
 * From here on `require` and `import` run TypeScript in this process, with decorator metadata and source-mapped stacks.
 * A second call, also by a second copy of the package, does nothing. On a worker thread only `require` is taught.
 */
export function registerTypeScript(): void {
  teachRequire();
  teachImport();
}

/** The same for `require` alone. `import` follows before the first module that may `import()` user code: its loader is a thread, which takes 50 ms to start. */
export function teachRequire(): void {
  if (!isFirst(requireTaught)) return;
  process.setSourceMapsEnabled(true);
  hookCommonJs(teachImport);
}

function teachImport(): void {
  // Node runs --require preloads on the loader's own thread too, where registering a loader ends the process without a word.
  if (isMainThread && isFirst(importTaught)) hookEsModules();
}

function isFirst(mark: symbol): boolean {
  const marked = process as unknown as Record<symbol, boolean>;
  const first = marked[mark] !== true;
  marked[mark] = true;
  return first;
}

function hookEsModules(): void {
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  // The loader's thread sends a note before it hands a module over, so a note of a module that runs is always here to read.
  onReadLoaded(() => {
    for (let received = receiveMessageOnPort(port1); received; received = receiveMessageOnPort(port1)) {
      const { path, hash } = received.message as LoadedNote;
      recordLoaded(path, hash);
    }
  });
  register(pathToFileURL(join(__dirname, "esm-hooks.js")).href, { data: { port: port2 }, transferList: [port2] });
}
