import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { StoreError } from "../../src/base/errors.js";

/** The compiled file of a thread of this room, also when this file runs from its source. */
export function threadFile(name: string): string {
  const beside = join(__dirname, `${name}.js`);
  if (existsSync(beside)) return beside;
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const built = join(folder, "dist", "runtime", "store", `${name}.js`);
    if (existsSync(built)) return built;
    if (dirname(folder) === folder)
      throw new StoreError("STORE.NOT_BUILT", "The store thread is not built.", { fix: "Run `npm run build`." });
  }
}
