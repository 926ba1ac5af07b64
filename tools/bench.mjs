#!/usr/bin/env node
// `NAME [--json]` runs bench/NAME.ts, which exports `async run(): Promise<Record<string, number>>`.
// The last line of stdout is {"bench": NAME, "figures": {...}}; `--json` leaves out the lines for people. The machine goes to stderr.
import { spawnSync, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const json = process.argv.includes("--json");
const [name] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const known = existsSync(join(root, "bench"))
  ? readdirSync(join(root, "bench"))
      .filter((file) => file.endsWith(".ts") && !file.startsWith("_"))
      .map((file) => file.slice(0, -3))
  : [];
if (name === undefined || !known.includes(name)) {
  console.error(`Usage: npm run bench -- NAME [--json]\nBenches: ${known.join(", ") || "none yet"}`);
  process.exit(2);
}

const git = (...args) => {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
};
const commit = git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") ? "+changes" : "");
const load = () =>
  loadavg()
    .map((value) => value.toFixed(2))
    .join(" ");
console.error(
  `commit ${commit} · node ${process.version} · ${cpus().length} × ${cpus()[0]?.model.trim()} · ${Math.round(totalmem() / 2 ** 30)} GiB · load ${load()}`,
);

// The figures come back through a file, so that whatever the bench prints cannot be taken for them.
const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
const out = join(folder, "figures.json");
const register = pathToFileURL(join(root, "dist/runtime/entries/register.mjs")).href;
const bench = pathToFileURL(join(root, "bench", `${name}.ts`)).href;
const program = `
  import { writeFileSync } from "node:fs";
  const module = await import(${JSON.stringify(bench)});
  const run = module.run ?? module.default?.run;
  writeFileSync(${JSON.stringify(out)}, JSON.stringify(await run()));
`;
const { status } = spawnSync(process.execPath, ["--expose-gc", "--import", register, "--input-type=module", "--eval", program], {
  cwd: root,
  stdio: ["ignore", json ? 2 : "inherit", "inherit"],
});
const figures = status === 0 && existsSync(out) ? JSON.parse(readFileSync(out, "utf8")) : undefined;
rmSync(folder, { recursive: true, force: true });
console.error(`load after ${load()}`);
if (figures === undefined) {
  console.error(`bench ${name} failed`);
  process.exit(status || 1);
}
if (!json) {
  const width = Math.max(...Object.keys(figures).map((key) => key.length));
  for (const [key, value] of Object.entries(figures)) {
    console.log(`${key.padEnd(width)}  ${Number(value).toLocaleString("en-US", { maximumFractionDigits: 3 })}`);
  }
}
console.log(JSON.stringify({ bench: name, figures }));
