import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Version of the package, from the nearest package.json above this file. */
export const VERSION: string = readVersion(__dirname);

function readVersion(folder: string): string {
  try {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: string; version?: string };
    if (name === "millrace" && version !== undefined) return version;
  } catch {
    // Not here; look one folder up.
  }
  return dirname(folder) === folder ? "unknown" : readVersion(dirname(folder));
}
