import { DefinitionError } from "../../src/base/errors.js";
import { seededRandom } from "../../src/base/seeded-random.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import { CustomMapper } from "../../src/model/partition-mapping/custom-mapper.js";
import type { CustomMapping, MappedSpaces } from "../../src/model/partition-mapping/custom-mapping.js";
import type { PartitionMapping } from "../../src/model/partition-mapping/partition-mapping.js";
import { tryMapping } from "../../src/model/partition-mapping/try-mapping.js";
import { IndexSet } from "../../src/model/partitions/index-set.js";
import { openPartitions } from "../../src/model/partitions/partition-space.js";
import type { MultiPartitions, PartitionsDefinition } from "../../src/model/partitions/partitions-definition.js";
import type { ResolvedDefinitions } from "./bindings.js";
import type { ScanProblem } from "./scan-error.js";

/** Pairs that are tried of each mapping. */
const PAIRS = 1_000;

/** A mapping of an author's own, between two assets. */
export interface TriedMapping {
  readonly id: string;
  readonly upstream: AssetKey;
  readonly downstream: AssetKey;
  /** Pairs tried; 0 where a side has no partitions yet, or the mapping claims no inverse. */
  readonly pairs: number;
}

interface Place {
  readonly id: string;
  readonly code: CustomMapping;
  readonly upstream: PartitionsDefinition;
  readonly downstream: PartitionsDefinition;
}

/** Tries every mapping of an author's own for whether its two methods tell the same, and whether an asset needs itself by it. The same seed tries the same. */
export function tryMappings(
  { catalog, bindings }: ResolvedDefinitions,
  { seed, nowMs }: { readonly seed: number; readonly nowMs: number },
): { readonly tried: readonly TriedMapping[]; readonly problems: readonly ScanProblem[] } {
  const tried: TriedMapping[] = [];
  const problems: ScanProblem[] = [];
  if (bindings.mappings.size === 0) return { tried, problems };
  const specs = new Map(catalog.assets.map((spec) => [spec.key, spec]));
  for (const spec of catalog.assets) {
    const { key, partitions, deps } = spec;
    for (const dep of deps) {
      const upstream = specs.get(dep.key)?.partitions;
      if (!dep.mapping || !upstream || !partitions) continue;
      // By one dimension of several it may: another leads away.
      const onItself = dep.key === key && dep.mapping.kind === "custom";
      for (const place of placesOf(dep.mapping, upstream, partitions, bindings.mappings)) {
        const between = { upstream: dep.key, downstream: key };
        const { pairs, message } = tryPlace(place, { ...between, onItself }, { seed, nowMs });
        tried.push({ id: place.id, ...between, pairs });
        if (message === undefined) continue;
        const fix = `Correct the method that is wrong; \`millrace check --seed ${seed}\` tries the same pairs again.`;
        problems.push({ code: "DEFINITION.CUSTOM_MAPPING", message, ...(spec.site === undefined ? {} : { site: spec.site }), fix });
      }
    }
  }
  return { tried, problems };
}

/** The mappings of authors' own within a mapping, each with what it maps. */
function placesOf(
  mapping: PartitionMapping,
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
  codes: ReadonlyMap<string, CustomMapping>,
): readonly Place[] {
  if (mapping.kind === "custom") {
    const code = codes.get(mapping.id);
    return code ? [{ id: mapping.id, code, upstream, downstream }] : [];
  }
  if (mapping.kind !== "multi") return [];
  return Object.entries(mapping.dimensions).flatMap(([name, { dimension, mapping: inner }]) => {
    const up = (upstream as MultiPartitions).dimensions[name];
    const down = (downstream as MultiPartitions).dimensions[dimension];
    return up && down ? placesOf(inner, up, down, codes) : [];
  });
}

function tryPlace(
  { id, code, ...definitions }: Place,
  { onItself, ...keys }: { readonly onItself: boolean; readonly upstream: AssetKey; readonly downstream: AssetKey },
  { seed, nowMs }: { readonly seed: number; readonly nowMs: number },
): { pairs: number; message?: string } {
  const spaces = {
    upstream: openPartitions(definitions.upstream, { nowMs }),
    downstream: openPartitions(definitions.downstream, { nowMs }),
  };
  const random = seededRandom(seed);
  try {
    if (onItself) {
      const own = needsItself(code, spaces, random);
      if (own !== undefined) return { pairs: 0, message: `By ${id}, "${keys.upstream}" needs itself for "${own}" to make "${own}".` };
    }
    if (!code.inverse) return { pairs: 0 };
    const { pairs, contradiction } = tryMapping(code, spaces, { random, pairs: PAIRS });
    if (!contradiction) return { pairs };
    const { upstreamKey, downstreamKey, saidBy } = contradiction;
    const [says, denies] =
      saidBy === "upstreamOf"
        ? [`upstreamOf("${downstreamKey}") names "${upstreamKey}"`, `downstreamOf("${upstreamKey}") does not name "${downstreamKey}"`]
        : [`downstreamOf("${upstreamKey}") names "${downstreamKey}"`, `upstreamOf("${downstreamKey}") does not name "${upstreamKey}"`];
    return {
      pairs,
      message: `The methods of ${id}, from "${keys.upstream}" to "${keys.downstream}", tell different things: ${says}, but ${denies}.`,
    };
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return { pairs: 0, message: `${id}, from "${keys.upstream}" to "${keys.downstream}": ${error.message.split("\n")[0] ?? ""}` };
  }
}

/** A partition that needs itself, if trying finds one. */
function needsItself(code: CustomMapping, spaces: MappedSpaces, random: () => number): string | undefined {
  const mapper = new CustomMapper(code, spaces.upstream, spaces.downstream);
  const { size } = spaces.upstream;
  for (let tried = 0; tried < PAIRS && size > 0; tried++) {
    const index = Math.floor(random() * size);
    if (mapper.upstreamOf(IndexSet.range(index, index + 1)).partitions.has(index)) return spaces.upstream.keyAt(index);
  }
  return undefined;
}
