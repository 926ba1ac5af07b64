import { createHash, randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";

const cacheByFolder = new Map<string, string | undefined>();

/** The key of a transpiled file: every part that decides its text. */
export function cacheKey(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest("hex");
}

/** The cached text, or `undefined`; a cache that cannot be read is a miss. */
export function readCached(sourcePath: string, key: string): string | undefined {
  const folder = cacheFolderFor(dirname(sourcePath));
  if (!folder) return undefined;
  try {
    return readFileSync(join(folder, `${key}.js`), "utf8");
  } catch {
    return undefined;
  }
}

/** Stores a text so that a reader in another process sees all of it or nothing; a cache that cannot be written is skipped. */
export function writeCached(sourcePath: string, key: string, text: string): void {
  const folder = cacheFolderFor(dirname(sourcePath));
  if (!folder) return;
  const temporary = join(folder, `${key}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`);
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, join(folder, `${key}.js`));
  } catch {
    rmSync(temporary, { force: true }); // a full disk costs time at the next start, never the run
  }
}

/** Where what is made of the files of a folder is kept; `undefined`: nowhere. */
export function cacheFolderFor(folder: string): string | undefined {
  if (cacheByFolder.has(folder)) return cacheByFolder.get(folder);
  const modules = nearestNodeModules(folder);
  const found = (modules && ownFolder(join(modules, ".cache", "millrace"))) ?? ownFolder(temporaryCache());
  cacheByFolder.set(folder, found);
  return found;
}

function nearestNodeModules(folder: string): string | undefined {
  const candidate = join(folder, "node_modules");
  if (existsSync(candidate)) return candidate;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearestNodeModules(parent);
}

function temporaryCache(): string {
  return join(tmpdir(), `millrace-cache-${userInfo().username.replace(/[^\w-]/g, "_")}`);
}

/** Creates the folder and gives it back when it is writable and ours: what lies in it will be run. */
function ownFolder(folder: string): string | undefined {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = lstatSync(folder);
    if (!stat.isDirectory() || (process.getuid && stat.uid !== process.getuid())) return undefined;
    const probe = join(folder, `.probe-${process.pid}-${randomBytes(4).toString("hex")}`);
    writeFileSync(probe, "");
    rmSync(probe);
    return folder;
  } catch {
    return undefined;
  }
}
