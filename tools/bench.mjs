#!/usr/bin/env node
// `NAME [--json] [--record]` runs bench/NAME.ts, which exports `async run(): Promise<Record<string, number>>`, the goals and the peers'
// figures (GOALS and PEERS, text by name of figure). The last line of stdout is {"bench": NAME, "figures": {...}}; `--json` leaves out the
// lines for people, `--record` writes the figures into bench/RESULTS.md. The machine goes to stderr.
import { spawnSync, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
const machine = `node ${process.version} · ${cpus().length} × ${cpus()[0]?.model.trim()} · ${Math.round(totalmem() / 2 ** 30)} GiB`;
const loadBefore = load();
console.error(`commit ${commit} · ${machine} · load ${loadBefore}`);

// The figures come back through a file, so that whatever the bench prints cannot be taken for them.
const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
const out = join(folder, "figures.json");
const register = pathToFileURL(join(root, "dist/runtime/entries/register.mjs")).href;
const bench = pathToFileURL(join(root, "bench", `${name}.ts`)).href;
const program = `
  import { writeFileSync } from "node:fs";
  const module = await import(${JSON.stringify(bench)});
  const { run, GOALS, PEERS } = module.run ? module : module.default;
  writeFileSync(${JSON.stringify(out)}, JSON.stringify({ figures: await run(), goals: GOALS, peers: PEERS }));
`;
const { status } = spawnSync(process.execPath, ["--expose-gc", "--import", register, "--input-type=module", "--eval", program], {
  cwd: root,
  stdio: ["ignore", json ? 2 : "inherit", "inherit"],
});
const result = status === 0 && existsSync(out) ? JSON.parse(readFileSync(out, "utf8")) : undefined;
rmSync(folder, { recursive: true, force: true });
const loadAfter = load();
console.error(`load after ${loadAfter}`);
if (result === undefined) {
  console.error(`bench ${name} failed`);
  process.exit(status || 1);
}
const { figures, goals, peers } = result;
if (!json) {
  const width = Math.max(...Object.keys(figures).map((key) => key.length));
  for (const [key, value] of Object.entries(figures)) {
    console.log(`${key.padEnd(width)}  ${Number(value).toLocaleString("en-US", { maximumFractionDigits: 3 })}`);
  }
}
if (process.argv.includes("--record")) record();
console.log(JSON.stringify({ bench: name, figures }));

/** Replaces the section of this bench in bench/RESULTS.md; the others stay. */
function record() {
  const file = join(root, "bench", "RESULTS.md");
  const [head, ...sections] = readFileSync(file, "utf8").split(/\n(?=## )/);
  const rounded = (value) => (Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3))));
  const row = (cells) => `| ${cells.join(" | ")} |`;
  const section = `## ${name}

\`npm run bench -- ${name}\` · commit ${commit} · ${machine} · load ${loadBefore} before, ${loadAfter} after

${row(["figure", "measured", "goal", "peer"])}
${row(["---", "---:", "---", "---"])}
${Object.entries(figures)
  .map(([key, value]) => row([`\`${key}\``, rounded(value), goals[key] ?? "", peers[key] ?? ""]))
  .join("\n")}
`;
  const all = [...sections.filter((one) => !one.startsWith(`## ${name}\n`)), section].map((one) => one.trim()).sort();
  writeFileSync(file, `${[head.trim(), ...all].join("\n\n")}\n`);
}
