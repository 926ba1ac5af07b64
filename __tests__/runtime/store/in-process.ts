import { spawn } from "node:child_process";
import { join } from "node:path";

const built = join(__dirname, "../../../dist/runtime/store/store-proxy.js");

/** Runs the body with `store` open on `path` in a process of its own; its exit code and what it printed. */
export function inProcess(path: string, body: string, flags: readonly string[] = []): Promise<{ code: number | null; text: string }> {
  const program = `const { openStore } = require(${JSON.stringify(built)}); (async () => { const store = await openStore({ path: ${JSON.stringify(path)} }); ${body} })().catch((error) => { console.log(error); process.exitCode = 1; });`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...flags, "-e", program], { stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.on("close", (code) => resolve({ code, text }));
  });
}
