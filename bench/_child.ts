import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** What `program`, the body of an async function, returns in a process of its own. It has `require` and `gc`, and the project's folder is its own. */
export async function measureInChild<T>(program: string): Promise<T> {
  const main = `(async () => {${program}})().then((value) => console.log("\\n" + JSON.stringify(value)), (error) => { console.error(error); process.exitCode = 1; });`;
  const { stdout } = await execute(process.execPath, ["--expose-gc", "--eval", main], {
    cwd: process.cwd(),
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as T;
}
