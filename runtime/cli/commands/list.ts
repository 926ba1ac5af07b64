import pc from "picocolors";
import type { Session } from "../../launch/session.js";
import { EXIT } from "../exit-codes.js";
import { timeText } from "../format.js";
import type { CommonOptions } from "../program.js";
import { withSession } from "../project.js";
import { causeText, partitionCounts, partitionsText, stalenessText } from "../staleness-text.js";
import { table } from "../table.js";

/** `millrace list [SELECTION]`: parents above their children. */
export function list(selection: string | undefined, options: CommonOptions & { readonly stale?: boolean }): Promise<number> {
  return withSession(options, async (session) => {
    const chosen = new Set(selection === undefined ? session.graph.keys() : session.select(selection).assets);
    if (options.stale) return listStale(session, chosen, options.json === true);
    const keys = session.graph.topologicalOrder().filter((key) => chosen.has(key));
    const latest = new Map((await session.store.latestMaterializations(keys)).map((one) => [one.assetKey, one]));
    const specs = keys.flatMap((key) => session.specOf(key) ?? []);
    if (options.json) {
      process.stdout.write(`${JSON.stringify(specs.map((spec) => ({ ...spec, latest: latest.get(spec.key) ?? null })))}\n`);
      return EXIT.ok;
    }
    if (specs.length === 0) process.stdout.write("No asset fits.\n");
    else {
      const rows = specs.map((spec) => {
        const made = latest.get(spec.key)?.materialization ?? latest.get(spec.key)?.observation;
        return [
          spec.unit === undefined ? pc.dim(spec.key) : spec.key,
          spec.group,
          spec.kinds.join(", "),
          made ? timeText(made.atMs) : pc.dim(spec.unit === undefined ? "external" : "never"),
          spec.deps.map((dep) => dep.key).join(", "),
        ];
      });
      process.stdout.write(`${table(["asset", "group", "kinds", "materialized", "needs"], rows)}\n`);
    }
    return EXIT.ok;
  });
}

/** What is stale or missing; of what is stale the first cause. */
async function listStale(session: Session, chosen: ReadonlySet<string>, json: boolean): Promise<number> {
  const index = await session.staleness([...chosen]);
  const keys = session.graph.topologicalOrder().filter((key) => chosen.has(key) && index.status(key) !== "fresh");
  const found = keys.map((key) => ({ key, status: index.status(key), cause: index.firstCause(key), ...partitionCounts(index, key) }));
  if (json) {
    process.stdout.write(`${JSON.stringify(found.map(({ cause, ...rest }) => ({ ...rest, cause: cause ?? null })))}\n`);
    return EXIT.ok;
  }
  if (found.length === 0) process.stdout.write("Nothing is stale or missing.\n");
  else {
    const rows = found.map(({ key, status, cause, partitions }) => [
      key,
      partitions ? partitionsText(partitions) : stalenessText(status),
      cause ? causeText(cause) : "",
    ]);
    process.stdout.write(`${table(["asset", "state", "first cause"], rows)}\n`);
  }
  return EXIT.ok;
}
