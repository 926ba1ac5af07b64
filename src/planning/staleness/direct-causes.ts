import type { AssetKey, DependencySpec } from "../../model/asset-spec.js";
import type { InputVersion } from "../../model/event.js";
import { joinedDataVersion } from "../../model/joined-data-version.js";
import type { RecordedVersions, StaleCause, StalenessAsset } from "./staleness.js";

/** What upstream assets have now. */
export interface UpstreamNow {
  /** Data version of an asset that is not divided; `undefined`: none is known, which is no change. */
  version(upstream: AssetKey): string | undefined;
  /** The partitions that are needed of a divided upstream, in their order, each with its version; `undefined`: it is not divided. */
  partitions?(dep: DependencySpec): readonly InputVersion[] | undefined;
}

/**
 * What differs between how an asset (or a partition) was made and how it would be made now; whether its upstream is fresh is not asked.
 * @remarks A code version counts only if the asset has one of its own: that some module of the project changed makes nothing stale. An observation
 * records no inputs, so only its code counts. An upstream that is waited for `when` it fails gives no data.
 */
export function* directCauses(
  asset: StalenessAsset,
  recorded: RecordedVersions,
  now: UpstreamNow,
  partition?: string,
): Generator<StaleCause, void> {
  const { key, deps, codeVersion } = asset;
  const of = partition === undefined ? { key } : { key, partition };
  if (codeVersion !== undefined && codeVersion !== recorded.codeVersion) {
    const { codeVersion: before } = recorded;
    yield { kind: "code-changed", ...of, ...(before === undefined ? {} : { recorded: before }), current: codeVersion };
  }
  const { inputs } = recorded;
  if (!inputs) return;
  const gone = inputs.filter((input) => !deps.some((dep) => dep.key === input.key));
  for (const upstream of new Set(gone.map((input) => input.key))) yield { kind: "upstream-removed", ...of, upstream };
  for (const dep of deps) {
    if (dep.when === "failure") continue;
    const needed = now.partitions?.(dep);
    if (needed) {
      yield* causesOfPartitions(
        { ...of, upstream: dep.key },
        inputs.filter((each) => each.key === dep.key),
        needed,
      );
      continue;
    }
    const input = inputs.find((each) => each.key === dep.key);
    if (!input) {
      yield { kind: "upstream-added", ...of, upstream: dep.key };
      continue;
    }
    const current = now.version(dep.key);
    if (current !== undefined && current !== input.dataVersion) yield dataChanged({ ...of, upstream: dep.key }, input, current);
  }
}

type Edge = Pick<Extract<StaleCause, { kind: "data-changed" }>, "key" | "partition" | "upstream">;

function* causesOfPartitions(edge: Edge, read: readonly InputVersion[], needed: readonly InputVersion[]): Generator<StaleCause, void> {
  if (read.length === 0) {
    if (needed.length > 0) yield { kind: "upstream-added", ...edge };
    return;
  }
  const [first] = read;
  if (read.length === 1 && first?.partition === undefined) {
    const current = joinedDataVersion(needed);
    if (first?.dataVersion !== current) yield dataChanged(edge, first, current);
    return;
  }
  const before = new Map(read.map((each) => [each.partition, each]));
  const added = needed.filter((each) => !before.has(each.partition)).length;
  const removed = read.length - (needed.length - added);
  if (added > 0 || removed > 0) yield { kind: "partitions-changed", ...edge, added, removed };
  for (const { partition = "", dataVersion: current } of needed) {
    const input = before.get(partition);
    if (input && current !== undefined && current !== input.dataVersion)
      yield dataChanged({ ...edge, upstreamPartition: partition }, input, current);
  }
}

function dataChanged(edge: Edge & { readonly upstreamPartition?: string }, input: InputVersion | undefined, current: string): StaleCause {
  return { kind: "data-changed", ...edge, ...(input?.dataVersion === undefined ? {} : { recorded: input.dataVersion }), current };
}
