import { createHash, randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import Module from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";
import { isUserModule } from "./loaded-modules.js";
import { cacheFolderFor } from "./transpile-cache.js";

/** The parts of Node's CommonJS loader that are leant on; undocumented, and unchanged since Node 0.x. */
interface ModuleInternals {
  readonly prototype: { _compile(this: NodeModule, code: string, path: string, format?: string): unknown };
  readonly _extensions: NodeJS.RequireExtensions;
  readonly _cache: NodeJS.Dict<NodeModule>;
  _resolveFilename(request: string, parent: NodeModule, isMain: boolean, options?: { paths?: string[] }): string;
  _resolveLookupPaths(request: string, parent: NodeModule): string[] | null;
  wrap(code: string): string;
}

type Wrapper = (exports: unknown, require: NodeJS.Require, module: NodeModule, path: string, folder: string) => unknown;

/** Compiled code of a text; V8 itself refuses that of another version or of other flags, but of the text it compares the length alone. */
interface Compiled {
  readonly checksum: number;
  readonly bytes: Buffer;
}

const internals = Module as unknown as ModuleInternals;

/**
 * From here on `require` takes the compiled code of dependencies, and of Millrace itself, from one file, and adds to it at the end of the
 * process what was not there. Modules of the user's own are compiled as ever.
 * @param folder - of the project; the file lies in its cache. Without a cache nothing changes.
 */
export function keepCompiledCode(folder: string): void {
  const cache = cacheFolderFor(folder);
  if (cache === undefined || process.env.NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  const file = join(cache, `${createHash("sha256").update(`${process.version} ${process.arch} ${__dirname}`).digest("hex")}.code`);
  const kept = readKept(file);
  const fresh = new Map<string, { readonly checksum: number; readonly script: Script }>();
  const original = internals.prototype._compile;
  internals.prototype._compile = function (code, path, format) {
    if (isUserModule(path) || (format !== undefined && format !== "commonjs") || mayImport(code))
      return original.call(this, code, path, format);
    const checksum = crc32(code);
    const known = kept.get(path);
    const script = scriptOf(code, path, known?.checksum === checksum ? known.bytes : undefined);
    if (!script) return original.call(this, code, path, format);
    if (known?.checksum !== checksum || script.cachedDataRejected) fresh.set(path, { checksum, script });
    const wrapper = script.runInThisContext() as Wrapper;
    return wrapper.call(this.exports, this.exports, requireOf(this), this, path, dirname(path));
  };
  process.once("exit", () => {
    if (fresh.size === 0) return;
    for (const [path, { checksum, script }] of fresh) kept.set(path, { checksum, bytes: script.createCachedData() });
    writeKept(file, kept);
  });
}

/** A script has no `import()`; one in a comment or a text counts too, so that the answer is never wrongly no. */
function mayImport(code: string): boolean {
  return /\bimport\s*[(/]/.test(code);
}

/** `undefined`: it is no script, which Node tells better than V8. */
function scriptOf(code: string, filename: string, cachedData: Buffer | undefined): Script | undefined {
  try {
    const columnOffset = -internals.wrap("\n").indexOf("\n");
    return new Script(internals.wrap(code), { filename, columnOffset, ...(cachedData ? { cachedData } : {}) });
  } catch {
    return undefined;
  }
}

/** As Node makes it for each module. */
function requireOf(module: NodeModule): NodeJS.Require {
  const resolve = (request: string, options?: { paths?: string[] }): string => internals._resolveFilename(request, module, false, options);
  return Object.assign((id: string): unknown => module.require(id), {
    resolve: Object.assign(resolve, { paths: (request: string) => internals._resolveLookupPaths(request, module) }),
    main: require.main,
    extensions: internals._extensions,
    cache: internals._cache,
  });
}

/** The file: a checksum of the rest, the length of its list, the list as JSON (path, checksum, length of the code), and the codes in its order. */
function readKept(file: string): Map<string, Compiled> {
  const kept = new Map<string, Compiled>();
  try {
    const all = readFileSync(file);
    if (all.readUInt32LE(0) !== crc32(all.subarray(4))) return kept;
    let from = 8 + all.readUInt32LE(4);
    for (const [path, checksum, length] of JSON.parse(all.toString("utf8", 8, from)) as [string, number, number][])
      kept.set(path, { checksum, bytes: all.subarray(from, (from += length)) });
  } catch {
    kept.clear(); // not there yet: compiled anew
  }
  return kept;
}

function writeKept(file: string, kept: ReadonlyMap<string, Compiled>): void {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const list = Buffer.from(JSON.stringify([...kept].map(([path, { checksum, bytes }]) => [path, checksum, bytes.length])));
    const all = Buffer.concat([Buffer.alloc(8), list, ...[...kept.values()].map(({ bytes }) => bytes)]);
    all.writeUInt32LE(list.length, 4);
    all.writeUInt32LE(crc32(all.subarray(4)), 0);
    writeFileSync(temporary, all);
    renameSync(temporary, file);
  } catch {
    rmSync(temporary, { force: true }); // a full disk costs time at the next start, never the run
  }
}
