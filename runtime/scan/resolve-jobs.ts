import type { AssetJob } from "../../decorators/declarations/declaration.js";
import { DefinitionError, isMillraceError } from "../../src/base/errors.js";
import { AssetGraph } from "../../src/graph/asset-graph.js";
import { AssetSelection } from "../../src/graph/asset-selection.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { JobSpec } from "../../src/model/job.js";
import { type JobAsset, resolveJob } from "../../src/planning/resolve-job.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { orderBy } from "./order-by.js";

/** What a job runs, as the catalog holds it, by name; a job whose selection or partitions cannot be resolved is a problem. */
export function resolveJobs(
  jobs: readonly AssetJob[],
  keysOf: (ref: unknown) => readonly AssetKey[],
  draft: CatalogDraft,
): readonly JobSpec[] {
  if (jobs.length === 0) return [];
  const graph = new AssetGraph({ assets: [...draft.assets.values()], checks: [...draft.checks.values()] });
  const divisible = new Map(draft.units.map(({ id, canSubset }) => [id, canSubset]));
  const assets = [...draft.assets.values()].map(({ key, partitions, unit, backfillPolicy }): JobAsset => {
    const made = unit === undefined ? {} : { unit, canSubset: divisible.get(unit) ?? false };
    return { key, partitions, ...made, ...(backfillPolicy ? { policy: backfillPolicy } : {}) };
  });
  const byName = new Map<string, AssetJob>();
  const specs: JobSpec[] = [];
  for (const job of jobs) {
    const first = byName.get(job.name);
    if (first) reportSameName(job, first, draft);
    else specs.push(...resolveOne(job, { graph, assets, keysOf }, draft));
    byName.set(job.name, job);
  }
  return specs.sort(orderBy(({ name }) => name));
}

interface Known {
  readonly graph: AssetGraph;
  readonly assets: readonly JobAsset[];
  keysOf(ref: unknown): readonly AssetKey[];
}

function resolveOne(job: AssetJob, { graph, assets, keysOf }: Known, draft: CatalogDraft): readonly JobSpec[] {
  const { name, partitions, description, tags } = job;
  const site = job.site.toString();
  try {
    const given = typeof job.selection === "string" ? AssetSelection.fromString(job.selection) : job.selection;
    const selection = given.bind(keysOf);
    const chosen = selection.resolve(graph);
    if (chosen.assets.length + chosen.checks.length === 0)
      throw new DefinitionError("DEFINITION.JOB_SELECTION", `Job "${name}" selects nothing.`, {
        fix: "Look at what a selection gives with `millrace list SELECTION`.",
      });
    const resolved = resolveJob({ name, selected: new Set(chosen.assets), ...(partitions ? { partitions } : {}) }, assets);
    return [
      {
        name,
        ...(description === undefined ? {} : { description }),
        selection: typeof job.selection === "string" ? job.selection : String(selection),
        assets: resolved.assets,
        checks: [...chosen.checks].sort(),
        partitions: resolved.partitions,
        ...(resolved.policy ? { backfillPolicy: resolved.policy } : {}),
        tags: { ...tags },
        site,
      },
    ];
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    const [message = ""] = error.message.split("\n  → ");
    const told = message.includes(`"${name}"`) ? message : `The selection of job "${name}": ${message}`;
    draft.report({ code: error.code, message: told, site, fix: error.fix ?? "Correct the selection." });
    return [];
  }
}

function reportSameName(job: AssetJob, first: AssetJob, { report }: CatalogDraft): void {
  report({
    code: "DEFINITION.DUPLICATE_JOB",
    message: `Job "${job.name}" is defined by ${first.site} and by ${job.site}.`,
    site: job.site,
    fix: `Give one of them another name, e.g. name: "${job.name}_2".`,
  });
}
