// Starts the stub of the API, an S3 server and a Postgres, runs the sample among them, shows what landed where, and stops them.
// `--stay` keeps them until Ctrl-C. Needs the built package: `npm run build`.
import { fork, spawn } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = join(root, "dist", "runtime", "cli", "main.js");
const definitions = join("samples", "app-events", "definitions.ts");
const WEEK = "2025-07-09...2025-07-15";

/** What the demo runs, once its servers stand. */
const STEPS = [
  ["One day. The API turns the first request away for a second, and is asked again", "materialize", "--job", "daily_ingest", "--partition", "2025-07-15"],
  ["The week, one run for each day that is missing", "backfill", "job:daily_ingest", "--partitions", WEEK, "--missing"],
]; // prettier-ignore

function millrace(args, env, stdout = "inherit") {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args, "-f", definitions], { cwd: root, env, stdio: ["ignore", stdout, "inherit"] });
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

/** The API in a process of its own; `requests` are those that it has answered. */
function startApi() {
  const args = ["--key", "demo-key", "--fail-first", "1", "--fail-with", "429", "--retry-after", "1"];
  const child = fork(join(here, "stub-api", "main.ts"), args, {
    cwd: root,
    execArgv: ["--import", "millrace/register"],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const requests = [];
  child.stdout.setEncoding("utf8").on("data", (text) => requests.push(...text.split("\n").filter((line) => line.includes("→"))));
  const stop = () => new Promise((done) => (child.exitCode === null ? (child.once("exit", done), child.disconnect()) : done()));
  return new Promise((resolve, reject) => {
    child.once("message", ({ url }) => resolve({ url, requests, stop }));
    child.once("exit", (code) => reject(new Error(`The API ended with ${code}.`)));
  });
}

/** Everything that the sample's variables name, on free ports. */
async function startServers(stops) {
  await import("millrace/register");
  const { PostgresServer } = await import("../../tools/servers/postgres.ts");
  const { startFauxqs } = await import("../../tools/servers/s3.ts");
  const started = (server) => (stops.push(() => server.stop()), server);
  const [api, s3, postgres] = await Promise.all([
    startApi().then(started),
    startFauxqs().then(started),
    PostgresServer.start().then(started),
  ]);
  const bucket = await s3.bucket();
  const dsn = await postgres.createDatabase("warehouse");
  const variables = {
    APP_BASE_URL: api.url,
    APP_API_KEY: "demo-key",
    WAREHOUSE_DSN: dsn,
    S3_BUCKET: bucket,
    S3_ENDPOINT_URL: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
  return { api, s3, postgres, bucket, dsn, variables };
}

/** Columns side by side, numbers to the right. */
function table(head, rows) {
  const all = [head, ...rows.map((row) => row.map((cell) => (cell === null ? "null" : typeof cell === "string" ? cell : String(cell))))];
  const widths = head.map((_, at) => Math.max(...all.map((row) => [...row[at]].length)));
  const isNumber = head.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === "number"));
  const pad = (cell, at) => (isNumber[at] ? " ".repeat(widths[at] - cell.length) + cell : cell + " ".repeat(widths[at] - [...cell].length));
  return all.map((row) => `  ${row.map(pad).join("  ").trimEnd()}`).join("\n");
}

async function objects({ s3, bucket }) {
  const { GetObjectCommand } = await import("@aws-sdk/client-s3");
  const { parquetMetadata } = await import("hyparquet");
  const rows = [];
  for (const key of await s3.keys(bucket)) {
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const bytes = await Body.transformToByteArray();
    const { num_rows: count } = parquetMetadata(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    rows.push([`s3://${bucket}/${key}`, bytes.byteLength, Number(count)]);
  }
  return table(["object", "bytes", "rows"], rows);
}

async function tables({ postgres, dsn }) {
  const texts = [];
  for (const [name, columns] of [
    ["clean_users", ["id", "email", "name"]],
    ["clean_orders", ["orderId", "userId", "amount", "currency"]],
  ]) {
    const [{ count }] = await postgres.query(`select count(*)::int as count from ${name}`, dsn);
    const wanted = columns.map((column) => `"${column}"`).join(", ");
    const rows = await postgres.query(`select ${wanted} from ${name} order by "eventId" limit 5`, dsn);
    const shown = rows.map((row) => Object.values(row).map((cell) => (typeof cell === "string" && !/^\d+$/.test(cell) ? JSON.stringify(cell) : cell))); // prettier-ignore
    texts.push(`${name}: ${count} rows\n\n${table(columns, shown)}`);
  }
  return texts.join("\n\n");
}

async function runs(env) {
  const { text } = await millrace(["runs", "--json"], env, "pipe");
  const rows = JSON.parse(text)
    .reverse()
    .map(({ id, tags, status, stepCounts, startedAtMs, endedAtMs }) => {
      const steps = Object.values(stepCounts).reduce((sum, count) => sum + count, 0);
      return [id.slice(-12), tags["millrace/partition"], status, steps, endedAtMs - startedAtMs];
    });
  return table(["run", "day", "status", "steps", "ms"], rows);
}

async function main(stops) {
  await access(cli).catch(() => {
    console.error("The package is not built yet: run `npm run build` first.");
    process.exit(1);
  });
  console.log(`App events: an API with a key → Parquet in S3 → a warehouse on Postgres. The code: ${relative(process.cwd(), here) || "."}`);
  const home = await mkdtemp(join(tmpdir(), "millrace-app-events-"));
  stops.push(() => rm(home, { recursive: true, force: true }));
  const startedMs = performance.now();
  const servers = await startServers(stops);
  const { api, s3, postgres, variables } = servers;
  const env = { ...process.env, ...variables, MILLRACE_HOME: home };
  console.log(`\nStarted: the API at ${api.url}, S3 at ${s3.endpoint}, Postgres at ${postgres.host}:${postgres.port}.`);

  for (const [what, ...args] of STEPS) {
    console.log(`\n── ${what}\n   millrace ${args.join(" ")}\n`);
    const { code } = await millrace(args, env);
    if (code !== 0) return code;
  }
  const requests = api.requests.map((line) => line.replace(/^GET \S+ → /, ""));
  const answers = [...new Set(requests)].map((status) => `${requests.filter((one) => one === status).length} × ${status}`).join(", ");
  console.log(`\n── What landed in the lake\n\n${await objects(servers)}`);
  console.log(`\n── What landed in the warehouse\n\n${await tables(servers)}`);
  console.log(`\n── The runs, and ${requests.length} requests to the API (${answers})\n\n${await runs(env)}`);
  console.log(`\nDone in ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`);
  if (process.argv.includes("--stay")) await untilInterrupted({ ...variables, MILLRACE_HOME: home });
  else console.log("`npm run demo:app-events -- --stay` keeps the servers until Ctrl-C, to look around in them.");
  return 0;
}

async function untilInterrupted(variables) {
  const exports = Object.entries(variables).map(([name, value]) => `  export ${name}='${value}'`);
  console.log(`\nThe servers stand until Ctrl-C. In another terminal:\n\n${exports.join("\n")}\n  cd ${here}\n  npx millrace list\n`);
  await new Promise(() => undefined);
}

// Whoever reads may go first (`npm run demo:app-events | head`).
process.stdout.on("error", () => process.exit());
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true"; // on Node 20: ten lines that tell nothing of the sample
const stops = [];
const stopAll = () => Promise.allSettled(stops.splice(0).map((stop) => stop()));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void stopAll().then(() => process.exit(130)));
try {
  process.exitCode = await main(stops);
} finally {
  await stopAll();
}
