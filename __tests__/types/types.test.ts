import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const home = join(__dirname, "../../node_modules/typescript-7");
const { bin } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { bin: string | { tsc: string } };

describe("the compiler", () => {
  it("accepts what is right, and refuses each line of refused.ts that is marked", () => {
    const tsc = join(home, typeof bin === "string" ? bin : bin.tsc);
    const { stdout, status } = spawnSync(process.execPath, [tsc, "--noEmit", "-p", __dirname], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
    // A mark that refuses nothing is an error of the compiler (TS2578); that there are marks at all is checked here.
    expect(readFileSync(join(__dirname, "refused.ts"), "utf8").match(/@ts-expect-error/g)?.length).toBeGreaterThanOrEqual(20);
  }, 120_000);
});
