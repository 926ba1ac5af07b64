// As kill-switch.cjs, for a store on Postgres: sees every statement as the driver gets it, and kills the process right before it is sent or right
// after it was answered. Statements that wait for each other are on their way together; what the server does of them is all of a transaction or nothing.
const filesystem = require("node:fs");
const { appendFileSync, readFileSync } = filesystem;
const { isMainThread } = require("node:worker_threads");

const names = new Map(Object.entries(JSON.parse(readFileSync(process.env.CRASH_STATEMENTS, "utf8"))));
const [point, nth, side] = (process.env.CRASH_AT ?? "").split("|");
const seen = new Map();
let uncommitted = [];

function at(labels, body) {
  let dies = false;
  for (const label of labels) {
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    if (process.env.CRASH_HITS) appendFileSync(process.env.CRASH_HITS, `${label}\n`);
    dies ||= label === point && count === Number(nth);
  }
  if (dies && side === "before") process.kill(process.pid, "SIGKILL");
  const result = body();
  if (!dies || side !== "after") return result;
  if (typeof result?.then === "function") return result.then(() => process.kill(process.pid, "SIGKILL"));
  process.kill(process.pid, "SIGKILL");
}

/** The statement as it is compiled, of one row. */
function ofOneRow(sql) {
  return sql.replace(/\$\d+/g, "?").replace(/values (\([?, ]+\))(, \1)+/, "values $1");
}

/** Statements of one text that mean different things are told apart by the events, or the status, that they write. */
function labelsOf(name, values) {
  if (name.startsWith("insertEvent")) return [...new Set(values.filter((_, index) => index % 12 === 2))].map((type) => `${name} ${type}`);
  return [/^(endRun|cancelRun|endStep|moveStep|moveOpenSteps|endAttempt)$/.test(name) ? `${name} ${values[0]}` : name];
}

/** By its last statement, and by each of them: which is last differs by how the store's thread groups. */
function labelsOfCommit() {
  const statements = [...new Set(uncommitted)];
  const last = uncommitted.at(-1) ?? "nothing";
  uncommitted = [];
  return [`commit after ${last}`, ...statements.map((label) => `commit with ${label}`)];
}

if (isMainThread) {
  const { renameSync } = filesystem;
  filesystem.renameSync = (...paths) => at(["publish a value (rename)"], () => renameSync(...paths));
} else {
  const { Client } = require("pg");
  const { query } = Client.prototype;
  const reads = new WeakSet();
  Client.prototype.query = function (config, ...rest) {
    const sql = typeof config === "string" ? config : config.text;
    if (sql === "begin") reads.delete(this);
    else if (sql.startsWith("begin isolation")) reads.add(this);
    const isRead = /^(select|set|begin isolation)/i.test(sql) || reads.has(this);
    const name = isRead ? undefined : (names.get(ofOneRow(sql)) ?? sql.replaceAll('"', "").split(/ \(| as | using /)[0]);
    if (name === undefined) return query.call(this, config, ...rest);
    const labels = sql === "commit" ? labelsOfCommit() : labelsOf(name, config.values ?? []);
    if (sql.startsWith("begin")) uncommitted = [];
    else if (sql !== "commit") uncommitted.push(...labels);
    return at(labels, () => query.call(this, config, ...rest));
  };
}
