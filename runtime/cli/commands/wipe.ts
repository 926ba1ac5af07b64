import { createInterface } from "node:readline/promises";
import { nearest } from "../../../src/base/did-you-mean.js";
import { RequestError } from "../../../src/base/errors.js";
import { layoutOf } from "../../../src/model/partitions/partition-layout.js";
import { parsePartitions } from "../../../src/model/partitions/partition-space.js";
import type { Wipe } from "../../../src/storage/partition-store.js";
import type { Session } from "../../launch/session.js";
import { EXIT } from "../exit-codes.js";
import { countOf } from "../format.js";
import type { CommonOptions } from "../program.js";
import { withSession } from "../project.js";
import { dividedAsset } from "./partitions.js";

interface WipeOptions extends CommonOptions {
  readonly partitions?: string;
  readonly yes?: boolean;
  readonly reason?: string;
  readonly nowMs: number;
}

/** `millrace wipe KEY [--partitions A...B]` */
export function wipe(key: string, options: WipeOptions): Promise<number> {
  return withSession(options, async (session) => {
    const asked = await whatToWipe(session, key, options);
    if (!options.yes && !(await confirmed(`Forget what is known of ${asked.text}? Stored values and events stay. [y/N] `))) {
      process.stdout.write("Nothing was wiped.\n");
      return EXIT.ok;
    }
    const reason = options.reason === undefined ? {} : { reason: options.reason };
    await session.store.wipe({ assetKey: key, partitions: asked.partitions, nowMs: options.nowMs, ...reason });
    if (options.json) process.stdout.write(`${JSON.stringify({ key, wiped: asked.count })}\n`);
    else process.stdout.write(`Wiped ${asked.text}: missing until materialized again.\n`);
    return EXIT.ok;
  });
}

async function whatToWipe(
  session: Session,
  key: string,
  options: WipeOptions,
): Promise<{ readonly partitions: Wipe["partitions"]; readonly count: number | "all"; readonly text: string }> {
  if (options.partitions === undefined) {
    if (session.specOf(key)) return { partitions: "all", count: "all", text: `"${key}"` };
    const near = nearest(key, session.graph.keys());
    throw new RequestError("ASSET.UNKNOWN", `There is no asset "${key}".`, {
      fix: near === undefined ? "See `millrace list`." : `Did you mean "${near}"?`,
    });
  }
  const { space } = await dividedAsset(session, key, options.nowMs);
  const indexes = parsePartitions(space, options.partitions);
  return {
    partitions: { layout: layoutOf(space), indexes },
    count: indexes.size,
    text: `${countOf(indexes.size, "partition")} of "${key}"`,
  };
}

async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new RequestError("REQUEST.WIPE_UNCONFIRMED", "Wiping asks first, and there is no terminal to ask.", { fix: "Add --yes." });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}
