import { openPartitions, type TimeSpace } from "../partitions/partition-space.js";
import type { MultiPartitions, PartitionsDefinition, SinglePartitions, TimePartitions } from "../partitions/partitions-definition.js";
import { TimeWindows } from "../partitions/time-windows.js";
import { IndexSet } from "../partitions/index-set.js";
import { singleLink } from "./map-partitions.js";
import type { PartitionMapping, TimeWindowMapping } from "./partition-mapping.js";
import { TimeWindowMapper } from "./time-window-mapper.js";

/**
 * Whether a partition of the downstream needs more than one of the upstream, as far as the definitions tell: not of an author's own mapping.
 * @param mapping - one that fits both, see `checkMapping`
 * @param down - `null`: not divided
 */
export function mapsToSeveral(mapping: PartitionMapping, up: PartitionsDefinition, down: PartitionsDefinition | null): boolean {
  switch (mapping.kind) {
    case "all":
      return !hasOneKey(up);
    case "specific":
      return mapping.keys.length > 1;
    case "last":
    case "custom":
      return false;
    default:
      return down === null ? !hasOneKey(up) : pairToSeveral(mapping, up, down);
  }
}

type PairMapping = Exclude<PartitionMapping, { kind: "all" | "specific" | "last" | "custom" }>;

function pairToSeveral(mapping: PairMapping, up: PartitionsDefinition, down: PartitionsDefinition): boolean {
  switch (mapping.kind) {
    case "identity":
    case "latest-time-window":
      return false;
    case "static": {
      const downKeys = Object.values(mapping.map).flat();
      return new Set(downKeys).size < downKeys.length;
    }
    case "time-window":
      return windowsToSeveral(mapping, up as TimePartitions, down as TimePartitions);
    case "multi-to-single": {
      const { dimension, inner } = singleLink(mapping.dimension, up, down);
      const [upPart, downPart] =
        up.kind === "multi" ? [up.dimensions[dimension], down] : [up, (down as MultiPartitions).dimensions[dimension]];
      const others = up.kind === "multi" ? Object.entries(up.dimensions).filter(([name]) => name !== dimension) : [];
      return others.some(([, each]) => !hasOneKey(each)) || mapsToSeveral(inner, upPart as SinglePartitions, downPart as SinglePartitions);
    }
    case "multi":
      return Object.entries((up as MultiPartitions).dimensions).some(([name, each]) => {
        const link = mapping.dimensions[name];
        if (!link) return !hasOneKey(each);
        return mapsToSeveral(link.mapping, each, (down as MultiPartitions).dimensions[link.dimension] ?? null);
      });
  }
}

function hasOneKey(definition: PartitionsDefinition): boolean {
  return definition.kind === "static" && definition.keys.length === 1;
}

/** Enough windows to see a daily one cross the border of yearly ones. */
const TRIED_WINDOWS = 400;

function windowsToSeveral(mapping: TimeWindowMapping, up: TimePartitions, down: TimePartitions): boolean {
  const offsets = (mapping.endOffset ?? 0) - (mapping.startOffset ?? 0);
  if (sameWindows(up, down)) return offsets > 0;
  const pairs = tried.get(up) ?? new WeakMap<TimePartitions, Map<string, boolean>>();
  tried.set(up, pairs);
  const known = pairs.get(down) ?? new Map<string, boolean>();
  pairs.set(down, known);
  const id = `${mapping.startOffset ?? 0} ${mapping.endOffset ?? 0}`;
  const found = known.get(id) ?? tryWindows(mapping, up, down);
  known.set(id, found);
  return found;
}

/** What trying gave, for each pair of definitions: thousands of assets share a few. */
const tried = new WeakMap<TimePartitions, WeakMap<TimePartitions, Map<string, boolean>>>();

function sameWindows(one: TimePartitions, other: TimePartitions): boolean {
  return one.cron === other.cron && one.timezone === other.timezone && JSON.stringify(one.exclusions) === JSON.stringify(other.exclusions);
}

function tryWindows(mapping: TimeWindowMapping, up: TimePartitions, down: TimePartitions): boolean {
  const windows = TimeWindows.of(down);
  const first = Math.max(0, windows.firstFrom(TimeWindows.of(up).startMs(0)));
  const nowMs = windows.endMs(first + TRIED_WINDOWS);
  if (Number.isNaN(nowMs)) return false; // the exclusions leave too few windows to tell
  const [upSpace, downSpace] = [openPartitions(up, { nowMs }), openPartitions(down, { nowMs })];
  const mapper = new TimeWindowMapper(mapping, upSpace as TimeSpace, downSpace as TimeSpace);
  for (let index = first; index < Math.min(first + TRIED_WINDOWS, downSpace.size); index++)
    if (mapper.upstreamOf(IndexSet.range(index, index + 1)).partitions.size > 1) return true;
  return false;
}
