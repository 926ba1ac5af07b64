import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { postgresDialect } from "../../../../src/storage/sql/postgres-dialect";
import { forSchema } from "../../../../src/storage/sql/postgres-texts";
import { sqliteDialect } from "../../../../src/storage/sql/sqlite-dialect";
import { builtStatementsFile, compileStatements } from "../../../../src/storage/sql/statements";

const dist = resolve(__dirname, "../../../../dist/src/storage/sql");

const dialects = [sqliteDialect, postgresDialect(() => undefined as never)];

it.each(dialects)("ships the statements for $name as knex compiles them", (dialect) => {
  const built: unknown = JSON.parse(readFileSync(join(dist, basename(builtStatementsFile(dialect))), "utf8"));
  expect(built).toEqual(compileStatements(dialect));
});

it("has every table of a statement for Postgres in the store's schema", () => {
  const texts = Object.entries(compileStatements(postgresDialect(() => undefined as never)));
  for (const [name, sql] of texts) {
    const tables = [
      ...forSchema(sql, "orders").matchAll(
        /\b(?:from|join|into|update) (?!set\b|skip locked\b|json_array_elements_text)("?[\w.(]+"?(?:\."\w+")?)/g,
      ),
    ];
    expect([name, tables.map(([, table]) => table).filter((table) => !/^("orders"\."\w+"|\()/.test(table ?? ""))]).toEqual([name, []]);
  }
});

it("loads knex to make a store and never to open it", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-statements-"));
  const program = `
    const { StoreLedger } = require("./store-ledger.js");
    const { sqliteDialect } = require("./sqlite-dialect.js");
    const ledger = new StoreLedger(sqliteDialect, ${JSON.stringify(join(folder, "store.db"))}, "NORMAL");
    ledger.reads.getRun("none");
    ledger.close();
    const packages = Object.keys(require.cache).map((path) => /node_modules[\\\\/]((?:@[^\\\\/]+[\\\\/])?[^\\\\/]+)/.exec(path)?.[1]);
    console.log([...new Set(packages)].includes("knex"));`;
  const loadsKnex = (): string => spawnSync(process.execPath, ["-e", program], { cwd: dist, encoding: "utf8" }).stdout.trim();
  try {
    expect([loadsKnex(), loadsKnex()]).toEqual(["true", "false"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
