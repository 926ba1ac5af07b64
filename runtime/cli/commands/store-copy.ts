import { existsSync } from "node:fs";
import { RequestError } from "../../../src/base/errors.js";
import { describeStore } from "../../../src/storage/store-address.js";
import { storeOf } from "../../instance/open-store.js";
import { copyInto } from "../../store/copy-into.js";
import { EXIT } from "../exit-codes.js";
import type { CommonOptions } from "../program.js";
import { settingsFor } from "../project.js";

interface CopyOptions extends CommonOptions {
  readonly to: string;
  readonly replace?: boolean;
}

/** `millrace store copy --to URL [--replace]` */
export async function storeCopy(what: string, options: CopyOptions): Promise<number> {
  if (what !== "copy")
    throw new RequestError("REQUEST.STORE_ACTION", `A store cannot be asked to "${what}".`, {
      fix: "Write: millrace store copy --to URL.",
    });
  const from = storeOf(await settingsFor(options));
  if (!existsSync(from) && !from.includes("://"))
    throw new RequestError("REQUEST.NO_STORE", `There is no store at ${from}.`, { fix: "Call it in the project whose store it is." });
  const rows = copyInto(from, options.to, { replace: options.replace ?? false });
  const to = describeStore(options.to);
  if (options.json) process.stdout.write(`${JSON.stringify({ from: describeStore(from), to, rows })}\n`);
  else {
    const width = Math.max(...Object.keys(rows).map((table) => table.length));
    for (const [table, count] of Object.entries(rows)) process.stdout.write(`${table.padEnd(width)}  ${count}\n`);
    process.stdout.write(`Copied ${describeStore(from)} into ${to}; both have as many rows. Set MILLRACE_DATABASE_URL to use it.\n`);
  }
  return EXIT.ok;
}
