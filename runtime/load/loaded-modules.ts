import { createHash } from "node:crypto";
import { join, sep } from "node:path";
import { isInNodeModules } from "./module-system.js";

const hashByPath = new Map<string, string>();
const drains: (() => void)[] = [];
const packageDist = findPackageDist();

/** Notes the text of a module that was loaded; a second load of one path replaces the first. */
export function recordLoaded(path: string, contentHash: string): void {
  hashByPath.set(path, contentHash);
}

/** Registers a way to fetch notes that another thread has sent and this one has not read yet. */
export function onReadLoaded(drain: () => void): void {
  drains.push(drain);
}

/** Path → content hash of every user module loaded so far in this process. */
export function loadedModules(): ReadonlyMap<string, string> {
  for (const drain of drains) drain();
  return hashByPath;
}

/** Whether a module is the user's own: neither a dependency nor Millrace itself. */
export function isUserModule(path: string): boolean {
  return !isInNodeModules(path) && !path.startsWith(packageDist);
}

/** The hash of a module's text as it is recorded. */
export function contentHash(source: string | Uint8Array): string {
  return createHash("sha256").update(source).digest("hex");
}

function findPackageDist(): string {
  const marker = `${sep}dist${sep}`;
  const at = __dirname.lastIndexOf(marker);
  return at < 0 ? join(__dirname, sep) : __dirname.slice(0, at + marker.length);
}
