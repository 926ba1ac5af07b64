import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrap, Definitions, type DefinitionsOptions, type Millrace } from "millrace";

/** A project in a folder of its own, that is gone when `body` has ended. Its store is the file `.millrace/millrace.db` in it. */
export async function inProject<T>(
  settings: { readonly fsync: "FULL" | "NORMAL"; readonly concurrency?: number },
  definitions: DefinitionsOptions,
  body: (millrace: Millrace, folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, "millrace.config.js"), `module.exports = ${JSON.stringify(settings)};`);
  try {
    const millrace = await bootstrap(new Definitions(definitions), { cwd: folder });
    try {
      return await body(millrace, folder);
    } finally {
      await millrace.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
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
