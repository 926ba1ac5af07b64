// Materializes the sample and says where to look. Needs the built package: `npm run build`.
import { spawn } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = join(root, "dist", "runtime", "cli", "main.js");
const definitions = join("samples", "on-time-flights", "definitions.ts");

function millrace(args, stdout = "inherit") {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args, "-f", definitions], { cwd: root, stdio: ["ignore", stdout, "inherit"] });
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

/** Every asset below the last of those that it is made from; the others stand behind it. */
function lineageTree(assets) {
  const parents = new Map(assets.map((asset) => [asset.key, upstreamKeys(asset)]));
  const depth = (key) => 1 + Math.max(-1, ...parents.get(key).map(depth));
  const deepest = (key) => [...parents.get(key)].sort((a, b) => depth(b) - depth(a))[0];
  const below = (key) => [...parents.keys()].filter((child) => deepest(child) === key);
  const lines = [];
  const draw = (key, lead, branch, next) => {
    const others = parents.get(key).filter((one) => one !== deepest(key));
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
  // An asset that counts on from its own earlier partition does not stand above itself.
  return upstream.map((one) => (typeof one === "string" ? one : one.key)).filter((key) => key !== asset.key);
}

/** What the demo shows, and the commands that do it. */
const STEPS = [
  ["The file, as it was published: observed, not copied", "materialize", "flights_file"],
  [
    "A month: its days in 31 partitions, the running total that needs yesterday's, then the month and its report",
    "backfill",
    "not group:weekly and not group:regional",
    "--partitions",
    "2001-01-01...2001-01-31",
  ],
  ["Weeks over the same days", "backfill", "group:weekly", "--partitions", "2001-01-07...2001-01-21"],
  [
    "Two dimensions: the days of a week for each region of origin",
    "backfill",
    "group:regional",
    "--partitions",
    "2001-01-01|midwest...2001-01-07|elsewhere",
  ],
  ["What there is of the half-year now", "partitions", "clean_flights"],
];

async function main() {
  await access(cli).catch(() => {
    console.error("The package is not built yet: run `npm run build` first.");
    process.exit(1);
  });

  console.log(`On-time flights: January 2001 of a half-year, half a million flights of three million, day by day.
Files → DuckDB → typed assets → checks → a report. The code: ${relative(process.cwd(), here) || "."}`);

  const startedMs = performance.now();
  for (const [what, ...args] of STEPS) {
    console.log(`\n── ${what}\n   millrace ${args.map((arg) => (/[ |]/.test(arg) ? `"${arg}"` : arg)).join(" ")}\n`);
    const { code } = await millrace(args);
    if (code !== 0) process.exit(code);
  }

  const listed = await millrace(["list", "--json"], "pipe");
  if (listed.code === 0) {
    const parsed = JSON.parse(listed.text);
    console.log(`\nLineage, read from the types of the methods' inputs:\n\n${lineageTree(Array.isArray(parsed) ? parsed : parsed.assets)}`);
  }

  const report = join(here, "output", "on-time-report.md");
  const [, summary = "", worst = ""] =
    /^# .*\n\n(.*)\n[\s\S]*?(## Least punctual airports[\s\S]*?)\n\n##/m.exec(await readFile(report, "utf8")) ?? [];
  console.log(`\n${summary}\n\n${worst.split("\n").slice(0, 9).join("\n")}`);

  console.log(`
Done in ${((performance.now() - startedMs) / 1000).toFixed(1)} s. Where to look next:

  the report     ${join(here, "output", "on-time-report.html")}

  cd ${relative(process.cwd(), here) || "."}
  npx millrace show on_time_by_airport    one asset: where it comes from, its last values
  npx millrace partitions daily_delays    what is made of it, and what is missing
  npx millrace backfill list              the backfills; then: npx millrace backfill show ID
  npx millrace runs                       the runs; then: npx millrace logs RUN
  npx millrace backfill "*" --missing     the whole half-year: 182 days, 3,000,000 flights
`);
}

// Whoever reads may go first (`npm run demo | head`).
process.stdout.on("error", () => process.exit());
await main();
