import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { sqliteDialect } from "../../../../src/storage/sql/sqlite-dialect";
import { builtStatementsFile, compileStatements } from "../../../../src/storage/sql/statements";

const dist = resolve(__dirname, "../../../../dist/src/storage/sql");

it("ships the statements as knex compiles them", () => {
  const built: unknown = JSON.parse(readFileSync(join(dist, basename(builtStatementsFile(sqliteDialect))), "utf8"));
  expect(built).toEqual(compileStatements(sqliteDialect));
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
