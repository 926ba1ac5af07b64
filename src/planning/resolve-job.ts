import { DefinitionError } from "../base/errors.js";
import type { AssetKey } from "../model/asset-spec.js";
import { strictestPolicy, type BackfillPolicy } from "../model/backfill-policy.js";
import { samePartitions, type PartitionsDefinition } from "../model/partitions/partitions-definition.js";

/** What a job needs to know of an asset. */
export interface JobAsset {
  readonly key: AssetKey;
  readonly partitions: PartitionsDefinition | null;
  readonly policy?: BackfillPolicy;
  /** Absent: external, it cannot be run. */
  readonly unit?: string;
  /** The unit can make some of its assets without the others. */
  readonly canSubset?: boolean;
}

/** What is asked of a job. */
export interface JobRequest {
  readonly name: string;
  readonly selected: ReadonlySet<AssetKey>;
  /** The partitions that the job names itself. */
  readonly partitions?: PartitionsDefinition;
}

/** What a job runs. */
export interface ResolvedJob {
  /** Sorted. */
  readonly assets: readonly AssetKey[];
  /** The definition that all its divided assets share; `null`: none of them is divided. */
  readonly partitions: PartitionsDefinition | null;
  /** How a backfill of it groups partitions; `null`: nothing in it is divided. */
  readonly policy: BackfillPolicy | null;
}

/**
 * Which partitions a job of several assets has: those that its divided assets share.
 * @throws {@link DefinitionError} for assets that cannot be run, a part of a unit that must be run whole, or partitions that differ
 */
export function resolveJob(request: JobRequest, assets: readonly JobAsset[]): ResolvedJob {
  const selected = assets.filter(({ key }) => request.selected.has(key));
  checkExecutable(request, selected);
  checkUnits(request, selected, assets);
  const divided = selected.filter(({ partitions }) => partitions !== null);
  const definition = sharedPartitions(request, divided);
  return {
    assets: selected.map(({ key }) => key).sort(),
    partitions: definition,
    policy: definition === null ? null : strictestPolicy(divided.map(({ policy }) => policy)),
  };
}

function sharedPartitions(request: JobRequest, divided: readonly JobAsset[]): PartitionsDefinition | null {
  const [first, ...others] = divided;
  if (!first?.partitions) return null;
  const definition = first.partitions;
  const other = others.find(({ partitions }) => partitions && !samePartitions(partitions, definition));
  if (other) {
    throw new DefinitionError(
      "DEFINITION.JOB_PARTITIONS",
      `Job "${request.name}" selects assets whose partitions differ: "${first.key}" and "${other.key}".`,
      { fix: "Give them the same partitions, or make two jobs." },
    );
  }
  if (request.partitions && !samePartitions(request.partitions, definition)) {
    throw new DefinitionError(
      "DEFINITION.JOB_PARTITIONS",
      `Job "${request.name}" names other partitions than its asset "${first.key}" has.`,
      {
        fix: "Take `partitions` out of the job: it has those of its assets.",
      },
    );
  }
  return definition;
}

function checkExecutable(request: JobRequest, selected: readonly JobAsset[]): void {
  const external = selected.filter(({ unit }) => unit === undefined).map(({ key }) => `"${key}"`);
  if (external.length === 0) return;
  throw new DefinitionError(
    "DEFINITION.JOB_SELECTION",
    `Job "${request.name}" selects ${external.join(", ")}, which nothing here materializes.`,
    {
      fix: "Take external assets out of its selection, e.g. with `and is:materializable`.",
    },
  );
}

function checkUnits(request: JobRequest, selected: readonly JobAsset[], assets: readonly JobAsset[]): void {
  const chosen = new Set(selected.map(({ key }) => key));
  for (const { key, unit, canSubset } of selected) {
    if (canSubset) continue;
    const left = assets.find((each) => each.unit === unit && !chosen.has(each.key));
    if (!left) continue;
    throw new DefinitionError(
      "DEFINITION.JOB_SELECTION",
      `Job "${request.name}" selects "${key}" without "${left.key}", which is made with it.`,
      {
        fix: `Select "${left.key}" too, or set canSubset on the multi-asset.`,
      },
    );
  }
}
