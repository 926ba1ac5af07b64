#!/usr/bin/env node
// `NAME` makes an environment of Python with the packages that tests or benches need, unless it is there, and prints the path of its python.
// The environments lie under node_modules/.cache: out of git, shared by all who use these node_modules, gone with them.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Exact versions, by what they are for. */
const PACKAGES = {
  parquet: ["pyarrow==26.0.1", "pandas==3.1.1", "numpy==2.4.6"],
  s3: ["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"],
};

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [name] = process.argv.slice(2);
const packages = PACKAGES[name];
if (packages === undefined) {
  console.error(`Usage: node tools/python.mjs NAME\nNames: ${Object.keys(PACKAGES).join(", ")}`);
  process.exit(2);
}

const cache = join(root, "node_modules", ".cache");
const place = join(cache, `python-${name}-${createHash("sha256").update(packages.join("\n")).digest("hex").slice(0, 12)}`);
const pythonIn = (folder) => (process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python"));

if (!existsSync(pythonIn(place))) {
  console.error(`Installing ${packages.join(", ")} for Python …`);
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(`${place}-`); // renamed when it is whole; two who begin at once do no harm
  try {
    run(process.platform === "win32" ? "python" : "python3", "-m", "venv", folder);
    run(pythonIn(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages);
    if (!existsSync(place)) renameSync(folder, place);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(pythonIn(place));

function run(command, ...args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (status === 0) return;
  console.error(`${stderr ?? ""}${error?.message ?? ""}`.trim());
  console.error(`${command} ${args.join(" ")} failed. Python 3 with venv and pip is needed: on Debian, apt-get install python3-venv.`);
  process.exitCode = 1;
  throw new Error(`${command} failed.`);
}
