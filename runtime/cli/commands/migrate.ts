import { existsSync } from "node:fs";
import { describeStore } from "../../../src/storage/store-address.js";
import { makeHome, storeOf } from "../../instance/open-store.js";
import { migrateStore } from "../../store/migrate-store.js";
import { EXIT } from "../exit-codes.js";
import type { CommonOptions } from "../program.js";
import { settingsFor } from "../project.js";

/** `millrace migrate [--dry-run]` */
export async function migrate(options: CommonOptions & { readonly dryRun?: boolean }): Promise<number> {
  const settings = await settingsFor(options);
  const dryRun = options.dryRun ?? false;
  const store = storeOf(settings);
  if (settings.store === undefined && !(dryRun && !existsSync(store))) makeHome(settings);
  // Of a file that is not there, what a new one would get: a look must make none.
  const at = settings.store === undefined && dryRun && !existsSync(store) ? ":memory:" : store;
  const { migrations, statements } = migrateStore(at, { fsync: settings.fsync, dryRun });
  if (options.json) process.stdout.write(`${JSON.stringify({ store: describeStore(store), migrations, statements, dryRun })}\n`);
  else if (dryRun) process.stdout.write(statements.map((sql) => `${sql};\n`).join("") || "-- Nothing is missing.\n");
  else if (migrations.length === 0) process.stdout.write(`The store ${describeStore(store)} is up to date.\n`);
  else process.stdout.write(`The store ${describeStore(store)} had ${migrations.join(", ")}.\n`);
  return EXIT.ok;
}
