import { BackfillGraph, type BackfillAsset, type BackfillPolicy, type PartitionMapping, type PartitionsDefinition } from "millrace/model";
import { definitionOf, type TableDefinition } from "./partitions.js";

/** Partitions as the tables of jobs and backfills write them. */
export interface PlannedPartitions {
  readonly type: string;
  readonly start?: string;
  readonly timezone?: string;
  readonly end?: string;
  readonly end_offset?: number;
  readonly keys?: readonly string[];
  readonly name?: string;
  readonly dims?: Readonly<Record<string, PlannedPartitions>>;
}

interface PlannedMapping {
  readonly type: string;
  readonly keys?: readonly string[];
  readonly map?: Readonly<Record<string, readonly string[]>>;
  readonly start_offset?: number;
  readonly end_offset?: number;
  readonly allow_nonexistent?: boolean;
  readonly dim?: string;
}

export interface PlannedAsset {
  readonly key: string;
  readonly deps: readonly { readonly key: string; readonly mapping?: PlannedMapping }[];
  readonly partitions?: PlannedPartitions | null;
  readonly policy?: "single_run" | number;
  readonly unit?: string;
}

export function plannedDefinition(table: PlannedPartitions): PartitionsDefinition {
  return definitionOf(renamed(table));
}

function renamed({ start, end, end_offset, dims, ...others }: PlannedPartitions): TableDefinition {
  return {
    ...others,
    ...(start === undefined ? {} : { start: wallTime(start) }),
    ...(end === undefined ? {} : { end: wallTime(end) }),
    ...(end_offset === undefined ? {} : { endOffset: end_offset }),
    ...(dims === undefined ? {} : { dims: Object.fromEntries(Object.entries(dims).map(([name, dim]) => [name, renamed(dim)])) }),
  };
}

/** `2024-04-04-00:00`, a key of an hour, is a wall time too. */
function wallTime(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\d)-(\d\d:\d\d)$/, "$1T$2");
}

export function policyOf(policy: PlannedAsset["policy"]): BackfillPolicy | undefined {
  if (policy === undefined) return undefined;
  return { maxPartitionsPerRun: policy === "single_run" ? "all" : policy };
}

function mappingOf(mapping: PlannedMapping): PartitionMapping {
  switch (mapping.type) {
    case "time_window":
      return {
        kind: "time-window",
        startOffset: mapping.start_offset ?? 0,
        endOffset: mapping.end_offset ?? 0,
        allowNonexistentUpstream: mapping.allow_nonexistent ?? false,
      };
    case "multi_to_single":
      return { kind: "multi-to-single", ...(mapping.dim === undefined ? {} : { dimension: mapping.dim }) };
    case "specific":
      return { kind: "specific", keys: mapping.keys ?? [] };
    case "static":
      return { kind: "static", map: mapping.map ?? {} };
    default:
      return { kind: mapping.type as "identity" | "all" | "last" };
  }
}

export function graphOf(
  assets: readonly PlannedAsset[],
  now: string,
  dynamic: Readonly<Record<string, readonly string[]>> = {},
): BackfillGraph {
  const product = assets.map((asset): BackfillAsset => {
    const policy = policyOf(asset.policy);
    return {
      key: asset.key,
      partitions: asset.partitions ? plannedDefinition(asset.partitions) : null,
      ...(policy ? { policy } : {}),
      ...(asset.unit === undefined ? {} : { unit: asset.unit }),
      deps: asset.deps.map(({ key, mapping }) => ({ key, ...(mapping ? { mapping: mappingOf(mapping) } : {}) })),
    };
  });
  return new BackfillGraph(product, { nowMs: Date.parse(now), dynamicKeys: (name) => dynamic[name] ?? [] });
}
