import pc from "picocolors";
import { nearest } from "../../../src/base/did-you-mean.js";
import { RequestError } from "../../../src/base/errors.js";
import type { CheckSpec } from "../../../src/model/asset-spec.js";
import type { EventRecord } from "../../../src/model/event.js";
import { EXIT } from "../exit-codes.js";
import { metadataLines, timeText } from "../format.js";
import { shortId, withSession } from "../project.js";
import { chainLines, partitionCounts, partitionsText, stalenessText } from "../staleness-text.js";
import type { CommonOptions } from "../program.js";

/** `millrace show KEY` */
export function show(key: string, options: CommonOptions): Promise<number> {
  return withSession(options, async (session) => {
    const { graph, resolved, store } = session;
    const spec = session.specOf(key);
    if (!spec) {
      const near = nearest(key, graph.keys());
      throw new RequestError("ASSET.UNKNOWN", `There is no asset "${key}".`, {
        fix: near ? `Did you mean "${near}"?` : "See `millrace list`.",
      });
    }
    const [latest] = await store.latestMaterializations([key]);
    const index = await session.staleness([key]);
    const { status, chain } = index.explain(key);
    const { partitions } = partitionCounts(index, key);
    const checks = resolved.catalog.checks.filter((check) => check.asset === key);
    if (options.json) {
      process.stdout.write(
        `${JSON.stringify({ ...spec, children: graph.children(key), checks, latest, staleness: { status, chain, ...(partitions ? { partitions } : {}) } })}\n`,
      );
      return EXIT.ok;
    }
    const line = (name: string, text: string): string => (text === "" ? "" : `${pc.dim(name.padEnd(13))}${text}\n`);
    const made = latest?.materialization ?? latest?.observation;
    const failure = (latest?.failure?.id ?? 0) > (made?.id ?? 0) ? latest?.failure : undefined; // what was made since is the news
    process.stdout.write(
      [
        `${pc.bold(spec.key)}\n`,
        spec.description === undefined ? "" : `${spec.description}\n`,
        line("group", spec.group),
        line("kinds", spec.kinds.join(", ")),
        line("owners", spec.owners.join(", ")),
        line(
          "tags",
          Object.entries(spec.tags)
            .map(([name, value]) => (value === "" ? name : `${name}=${value}`))
            .join(", "),
        ),
        line("code version", spec.codeVersion ?? ""),
        line("declared", spec.site ?? ""),
        line("needs", spec.deps.map((dep) => (dep.when === "success" ? dep.key : `${dep.key} (${dep.when})`)).join(", ")),
        line("needed by", graph.children(key).join(", ")),
        line("state", spec.unit === undefined ? "" : partitions ? partitionsText(partitions) : stalenessText(status)),
        ...chainLines(chain).map((text) => `  ${text}\n`),
        line("materialized", made ? `${timeText(made.atMs)} in run ${shortId(made.runId)}${ofPartition(made)}` : "never"),
        line("data version", made?.payload?.dataVersion ?? ""),
        ...metadataLines(made?.payload?.metadata).map((text) => `${text}\n`),
        line("failed", failure ? `${timeText(failure.atMs)} in run ${shortId(failure.runId)}${ofPartition(failure)}` : ""),
        ...checks.map((check) => checkText(check, latest?.checks[check.name])),
      ].join(""),
    );
    return EXIT.ok;
  });
}

function ofPartition({ partition }: EventRecord): string {
  return partition ? `, partition ${partition.key}` : "";
}

function checkText({ name, blocking }: CheckSpec, evaluation: EventRecord | undefined): string {
  const result = evaluation?.payload?.check;
  const mark =
    result === undefined ? pc.dim("?") : result.passed ? pc.green("✓") : result.severity === "WARN" ? pc.yellow("!") : pc.red("✗");
  const head = `${mark} check ${name}${blocking ? pc.dim(" (blocking)") : ""}${result?.description ? ` ${result.description}` : ""}`;
  return [head, ...metadataLines(evaluation?.payload?.metadata, "    ")].map((text) => `${text}\n`).join("");
}
