#!/usr/bin/env node
// Compiles src, decorators and runtime into dist with TypeScript 7 (docs/decisions/0002), lets knex compile the store's statements into
// files beside them, and leaves a stamp for ensure.mjs.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { typescript7 } from "./typescript-7.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
if (process.argv.includes("--clean")) rmSync(join(root, "dist"), { recursive: true, force: true });

const startedAt = new Date();
const { status } = spawnSync(process.execPath, [typescript7(root), "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status || 1);

// The compiler leaves what it made of a file that is gone; it would be published.
for (const room of ["src", "decorators", "runtime"]) {
  for (const file of readdirSync(join(root, "dist", room), { recursive: true })) {
    const [, stem, m = ""] = /^(.*?)\.(?:d\.)?(m?)[jt]s(?:\.map)?$/.exec(file) ?? [];
    if (stem !== undefined && !existsSync(join(root, room, `${stem}.${m}ts`))) rmSync(join(root, "dist", room, file));
  }
}

const require = createRequire(import.meta.url);
const { builtStatementsFile, compileStatements } = require("../dist/src/storage/sql/statements.js");
const { sqliteDialect } = require("../dist/src/storage/sql/sqlite-dialect.js");
const { postgresDialect } = require("../dist/src/storage/sql/postgres-dialect.js");
for (const dialect of [sqliteDialect, postgresDialect(() => undefined)])
  writeFileSync(builtStatementsFile(dialect), JSON.stringify(compileStatements(dialect), null, 1));

const main = join(root, "dist/runtime/cli/main.js");
if (existsSync(main)) chmodSync(main, 0o755);

mkdirSync(join(root, "dist"), { recursive: true });
// The time of the start, not of the end: a file changed while the compiler ran is built again next time.
writeFileSync(join(root, "dist/.built"), "");
utimesSync(join(root, "dist/.built"), startedAt, startedAt);
