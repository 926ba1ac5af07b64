#!/usr/bin/env node
// Installs and builds, but only what is missing: other scripts start with it, so that they work in a fresh clone.
// Says nothing and returns in a blink when all is there. `--quiet` also silences it while it works.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const quiet = process.argv.includes("--quiet");

const mtimeMs = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** The newest change of a file or below a folder; folders count too, because a removed file changes only its folder. */
function newestMs(path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
  return Math.max(stat.mtimeMs, ...readdirSync(join(root, path)).map((name) => newestMs(join(path, name))));
}

function run(what, command, args) {
  if (!quiet) console.error(`${what} …`);
  // What the steps print goes to stderr: stdout belongs to the command that comes after.
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    stdio: quiet ? "pipe" : ["ignore", 2, 2],
    encoding: "utf8",
  });
  if (status === 0) return;
  console.error(`${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`.trim());
  console.error(`${what} failed: ${command} ${args.join(" ")}`);
  process.exit(status || 1);
}

const installed = "node_modules/.package-lock.json";
if (mtimeMs(installed) === 0) run("Installing", "npm", ["install", "--no-audit", "--no-fund"]);
else if (mtimeMs(installed) < mtimeMs("package-lock.json")) {
  run("Updating the installed packages", "npm", ["install", "--no-audit", "--no-fund"]);
  const now = new Date();
  if (existsSync(join(root, installed))) utimesSync(join(root, installed), now, now); // npm leaves it as it was when nothing changed
}

const sources = ["src", "decorators", "runtime", "tsconfig.json", "tsconfig.build.json", "tools/build.mjs"];
if (mtimeMs("dist/.built") < Math.max(...sources.map(newestMs))) run("Building", process.execPath, ["tools/build.mjs"]);
