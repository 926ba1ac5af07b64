import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The path of the TypeScript 7 compiler, which is installed beside version 6 under the name `typescript-7`. */
export function typescript7(root) {
  const home = join(root, "node_modules/typescript-7");
  const { bin } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  return join(home, typeof bin === "string" ? bin : bin.tsc);
}
