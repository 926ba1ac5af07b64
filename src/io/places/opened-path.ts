import type { FileHandle } from "node:fs/promises";

/**
 * The path of a file that is open, whatever is published over its own path meanwhile: DuckDB opens a path anew for each statement and each thread,
 * and would mix two versions. Windows has no such path, and refuses to rename over an open file.
 */
export function openedPath(file: Pick<FileHandle, "fd">, path: string): string {
  if (process.platform === "win32") return path;
  return `/${process.platform === "linux" ? "proc/self" : "dev"}/fd/${file.fd}`;
}
