import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bootstrap, Definitions, type DefinitionsOptions, type Millrace } from "millrace";

/** On the disk on which projects lie; the system's folder for temporary files is memory on many machines. */
const FOLDERS = join(process.cwd(), "node_modules", ".cache", "millrace-bench");

const made: string[] = [];

/**
 * A project in a folder of its own, gone when the process ends. Its store is the file `.millrace/millrace.db` in it.
 * @remarks Not when `body` has ended: for a minute ext4 looks at each file that was deleted when it makes a new one, up to 2 ms a file.
 */
export async function inProject<T>(
  settings: { readonly fsync: "FULL" | "NORMAL"; readonly concurrency?: number; readonly store?: string },
  definitions: DefinitionsOptions,
  body: (millrace: Millrace, folder: string) => Promise<T>,
): Promise<T> {
  mkdirSync(FOLDERS, { recursive: true });
  const folder = mkdtempSync(join(FOLDERS, "project-"));
  if (made.push(folder) === 1) process.once("exit", () => made.forEach((path) => rmSync(path, { recursive: true, force: true })));
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, "millrace.config.js"), `module.exports = ${JSON.stringify(settings)};`);
  const millrace = await bootstrap(new Definitions(definitions), { cwd: folder });
  try {
    return await body(millrace, folder);
  } finally {
    await millrace.close();
  }
}

/** Materializes everything and gives the milliseconds that it took. */
export async function materializeMs(millrace: Millrace): Promise<number> {
  const startMs = performance.now();
  const { status } = await millrace.materialize("*");
  const tookMs = performance.now() - startMs;
  if (status !== "SUCCESS") throw new Error(`The run that is measured came to ${status}.`);
  return tookMs;
}
