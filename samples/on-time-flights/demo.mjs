// Materializes the sample and says where to look. Needs the built package: `npm run build`.
import { spawn } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = join(root, "dist", "runtime", "cli", "main.js");
const definitions = join("samples", "on-time-flights", "definitions.ts");
const env = { ...process.env, MILLRACE_HOME: join(here, ".millrace") };

function millrace(args, stdout = "inherit") {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args, "-f", definitions], { cwd: root, env, stdio: ["ignore", stdout, "inherit"] });
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

/** Every asset below the first that it is made from; what else it is made from stands behind it. */
function lineageTree(assets) {
  const parents = new Map(assets.map((asset) => [asset.key, upstreamKeys(asset)]));
  const below = (key) => [...parents].filter(([, ups]) => ups[0] === key).map(([child]) => child);
  const lines = [];
  const draw = (key, lead, branch, next) => {
    const others = parents.get(key).slice(1);
    lines.push(`${lead}${branch}${key}${others.length > 0 ? `   (and ${others.join(", ")})` : ""}`);
    below(key).forEach((child, index, all) =>
      draw(child, lead + next, index + 1 < all.length ? "├─ " : "└─ ", index + 1 < all.length ? "│  " : "   "),
    );
  };
  for (const [key, ups] of parents) if (ups.length === 0) draw(key, "  ", "", "");
  return lines.join("\n");
}

function upstreamKeys(asset) {
  const upstream = asset.dependencies ?? asset.deps ?? asset.upstream ?? [];
  return upstream.map((one) => (typeof one === "string" ? one : one.key));
}

async function main() {
  await access(cli).catch(() => {
    console.error("The package is not built yet: run `npm run build` first.");
    process.exit(1);
  });

  console.log(`On-time flights: January 2001, half a million flights.
Files → DuckDB → typed assets → checks → a report. The code: ${relative(process.cwd(), here) || "."}\n`);

  const startedMs = performance.now();
  const { code } = await millrace(["materialize"]);
  if (code !== 0) process.exit(code);

  const listed = await millrace(["list", "--json"], "pipe");
  if (listed.code === 0) {
    const parsed = JSON.parse(listed.text);
    console.log(`\nLineage, read from the types of the methods' inputs:\n\n${lineageTree(Array.isArray(parsed) ? parsed : parsed.assets)}`);
  }

  const report = join(here, "output", "on-time-report.md");
  const [, summary = "", worst = ""] =
    /^# .*\n\n(.*)\n[\s\S]*?(## Least punctual airports[\s\S]*?)\n\n##/m.exec(await readFile(report, "utf8")) ?? [];
  console.log(`\n${summary}\n\n${worst.split("\n").slice(0, 9).join("\n")}`);

  const prefix = `MILLRACE_HOME=${relative(process.cwd(), env.MILLRACE_HOME)} npx millrace`;
  const suffix = `-f ${relative(process.cwd(), join(root, definitions))}`;
  console.log(`
Done in ${((performance.now() - startedMs) / 1000).toFixed(1)} s. Where to look next:

  the report     ${join(here, "output", "on-time-report.html")}
  one asset      ${prefix} show on_time_by_airport ${suffix}
  the runs       ${prefix} runs ${suffix}
  every asset    ${prefix} status ${suffix}
`);
}

await main();
