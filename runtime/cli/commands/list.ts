import pc from "picocolors";
import { EXIT } from "../exit-codes.js";
import { table, timeText } from "../format.js";
import { withSession } from "../project.js";
import type { CommonOptions } from "../run-cli.js";

/** `millrace list [SELECTION]` */
export function list(selection: string | undefined, options: CommonOptions): Promise<number> {
  return withSession(options, async (session) => {
    const keys = selection === undefined ? session.graph.keys() : session.select(selection).assets;
    const latest = new Map((await session.store.latestMaterializations([...keys])).map((one) => [one.assetKey, one]));
    const specs = [...keys].map((key) => session.specOf(key));
    if (options.json) {
      process.stdout.write(`${JSON.stringify(specs.map((spec) => ({ ...spec, latest: spec ? latest.get(spec.key) : undefined })))}\n`);
      return EXIT.ok;
    }
    const rows = specs.flatMap((spec) => {
      if (!spec) return [];
      const made = latest.get(spec.key)?.materialization ?? latest.get(spec.key)?.observation;
      return [
        [
          spec.unit === undefined ? pc.dim(spec.key) : spec.key,
          spec.group,
          spec.kinds.join(", "),
          spec.deps.map((dep) => dep.key).join(", "),
          made ? timeText(made.atMs) : pc.dim(spec.unit === undefined ? "external" : "never"),
        ],
      ];
    });
    process.stdout.write(`${table(["asset", "group", "kinds", "needs", "materialized"], rows)}\n`);
    return EXIT.ok;
  });
}
