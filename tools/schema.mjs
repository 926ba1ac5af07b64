#!/usr/bin/env node
// Prints the schema of a new store, as SQLite tells it. `--write` writes docs/schema.sql; `--check` fails when that file is stale.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "docs/schema.sql");
const require = createRequire(import.meta.url);
const schema = await schemaOfNewStore();

if (process.argv.includes("--write")) {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, schema);
  console.log(`docs/schema.sql: ${schema.match(/^create /gim).length} statements`);
} else if (!process.argv.includes("--check")) {
  process.stdout.write(schema);
} else if (!existsSync(target) || readFileSync(target, "utf8") !== schema) {
  console.error("docs/schema.sql is stale. Run: node tools/schema.mjs --write");
  process.exitCode = 1;
}

async function schemaOfNewStore() {
  const { openStore } = require("../dist/runtime/store/store-proxy.js");
  const Database = require("libsql");
  const folder = mkdtempSync(join(tmpdir(), "millrace-schema-"));
  try {
    const path = join(folder, "store.db");
    const store = await openStore({ path });
    const { schemaVersion } = await store.info();
    await store.close();
    const db = new Database(path);
    const statements = db
      .prepare("select sql from sqlite_master where sql is not null and name not like 'sqlite_%' order by rootpage")
      .all();
    db.close();
    return `-- Schema ${schemaVersion} of the store, as a new one has it. Written by tools/schema.mjs.\n\n${statements.map(({ sql }) => `${laidOut(sql)};\n`).join("\n")}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A table with each column on a line of its own. */
function laidOut(sql) {
  if (!/^create table/i.test(sql)) return sql;
  let depth = 0;
  let text = "";
  for (const character of sql) {
    if (character === ")") depth -= 1;
    if (character === ")" && depth === 0) text += "\n";
    text += character;
    if (character === "(") depth += 1;
    if ((character === "(" || character === ",") && depth === 1) text += "\n ";
  }
  return text.replace(/\n +/g, "\n  ");
}
