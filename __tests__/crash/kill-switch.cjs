// Preloaded into a process of the scenario, in each of its threads: sees every statement that writes as the driver gets it, and kills
// the process right before or right after the one that CRASH_AT names. The product knows nothing of it.
const filesystem = require("node:fs");
const { appendFileSync, readFileSync } = filesystem;
const Database = require("libsql");

const names = new Map(Object.entries(JSON.parse(readFileSync(process.env.CRASH_STATEMENTS, "utf8"))));
const [point, nth, side] = (process.env.CRASH_AT ?? "").split("|");
const seen = new Map();
let uncommitted = [];

/** What happens at these points, which are one moment, with the process killed before or after it if this is where it should die. */
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

/** Statements of one text that mean different things are told apart by the events, or the status, that they write. */
function labelsOf(name, [values]) {
  if (name.startsWith("insertEvent")) return typesOf(values).map((type) => `${name} ${type}`);
  return [/^(endRun|cancelRun|endStep|moveStep|moveOpenSteps|endAttempt)$/.test(name) ? `${name} ${values[0]}` : name];
}

/** By its last statement, and by each of them: which is last differs by how the store's thread groups. */
function labelsOfCommit() {
  const statements = [...new Set(uncommitted)];
  const last = uncommitted.at(-1) ?? "nothing";
  uncommitted = [];
  return [`commit after ${last}`, ...statements.map((label) => `commit with ${label}`)];
}

/** The types of the events of one statement, of twelve values each. */
function typesOf(values) {
  return [...new Set(values.filter((_, index) => index % 12 === 2))];
}

/** The statement of one row, for one that writes several. */
function ofOneRow(sql) {
  return sql.replace(/values (\([?, ]+\))(, \1)+/, "values $1");
}

/** What a statement without a name does, and to what. */
function shortOf(sql) {
  return /^(create|drop|alter|insert into)( unique)?( table| index)?( if not exists)? \w+/i.exec(sql.replaceAll("`", ""))?.[0] ?? sql;
}

const { prepare, exec } = Database.prototype;
Database.prototype.prepare = function (sql, ...rest) {
  const statement = prepare.call(this, sql, ...rest);
  const name = names.get(ofOneRow(sql)) ?? (/^(select|with|pragma)\b/i.test(sql) ? undefined : shortOf(sql));
  const method = /^pragma journal_mode=/i.test(sql) ? "all" : "run";
  if (name === undefined && method === "run") return statement;
  const original = statement[method].bind(statement);
  statement[method] = (...values) => {
    const labels = method === "all" ? [sql] : labelsOf(name, values);
    return at(labels, () => {
      const result = original(...values);
      uncommitted.push(...labels);
      return result;
    });
  };
  return statement;
};
Database.prototype.exec = function (sql) {
  if (sql.startsWith("begin")) uncommitted = [];
  return at(sql === "commit" ? labelsOfCommit() : [shortOf(sql)], () => exec.call(this, sql));
};

const { renameSync } = filesystem;
filesystem.renameSync = (...paths) => at(["publish a value (rename)"], () => renameSync(...paths));
