import { EXIT } from "../exit-codes.js";
import { countOf } from "../format.js";
import type { CommonOptions } from "../program.js";
import { withSession } from "../project.js";
import { table } from "../table.js";

/** `millrace jobs` */
export function jobs(options: CommonOptions): Promise<number> {
  return withSession(options, (session) => {
    if (options.json) process.stdout.write(`${JSON.stringify(session.jobs)}\n`);
    else if (session.jobs.length === 0) process.stdout.write("There is no job. List one in Definitions.jobs, made by defineAssetJob.\n");
    else {
      const rows = session.jobs.map(({ name, assets, partitions, selection, description }) => [
        name,
        countOf(assets.length, "asset"),
        partitions?.kind ?? "",
        selection,
        description ?? "",
      ]);
      process.stdout.write(`${table(["job", "runs", "partitions", "selection", ""], rows)}\n`);
    }
    return Promise.resolve(EXIT.ok);
  });
}
