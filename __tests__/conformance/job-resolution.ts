import { AssetGraph, AssetSelection, resolveJob, samePartitions, type JobAsset, type PartitionsDefinition } from "millrace/model";
import { plannedDefinition, policyOf, type PlannedAsset, type PlannedPartitions } from "./backfill-graph.js";
import type { Suite } from "./suite.js";
import { compared, refused } from "./verdict.js";

interface TableAsset {
  readonly key: string;
  readonly deps: readonly string[];
  readonly partitions?: string;
  readonly policy?: PlannedAsset["policy"];
  readonly external?: boolean;
  readonly unit?: string;
}

interface Given {
  readonly partitions: Readonly<Record<string, PlannedPartitions>>;
  readonly assets: readonly TableAsset[];
  readonly job: { readonly select: string; readonly partitions?: string };
}

/** Which partitions a job of several assets has. */
export const jobResolution: Suite = {
  name: "job-resolution",
  rules: [],
  judge(test, expect) {
    const given = test.given as unknown as Given;
    const definitions = new Map(Object.entries(given.partitions).map(([name, table]) => [name, plannedDefinition(table)]));
    const resolve = () =>
      resolveJob(
        requestOf(given, definitions),
        given.assets.map((asset) => jobAsset(asset, definitions)),
      );
    if (expect.error !== undefined) return refused(resolve);
    const { assets, partitions, policy } = resolve();
    const name = partitions && [...definitions].find(([, definition]) => samePartitions(definition, partitions))?.[0];
    const most = policy?.maxPartitionsPerRun;
    return compared(expect, { assets, partitions: name, policy: most === "all" ? "single_run" : (most ?? null) });
  },
};

function requestOf({ assets, job }: Given, definitions: ReadonlyMap<string, PartitionsDefinition>): Parameters<typeof resolveJob>[0] {
  const graph = new AssetGraph({
    assets: assets.map(({ key, deps, external, unit }) => ({
      key,
      deps: deps.map((each) => ({ key: each })),
      ...(external ? {} : { unit: unit ?? key }),
    })),
    checks: [],
  });
  const partitions = job.partitions === undefined ? undefined : definitions.get(job.partitions);
  const selected = new Set(AssetSelection.fromString(job.select).resolve(graph).assets);
  return { name: "job", selected, ...(partitions ? { partitions } : {}) };
}

function jobAsset(
  { key, partitions, policy, external, unit }: TableAsset,
  definitions: ReadonlyMap<string, PartitionsDefinition>,
): JobAsset {
  const chosen = policyOf(policy);
  return {
    key,
    partitions: partitions === undefined ? null : (definitions.get(partitions) ?? null),
    ...(chosen ? { policy: chosen } : {}),
    ...(external ? {} : { unit: unit ?? key }),
  };
}
