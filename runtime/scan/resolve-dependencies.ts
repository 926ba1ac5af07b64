import { canonicalJson, type Json } from "../../src/base/canonical-json.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";
import type { AssetRef, Dep } from "../../src/model/asset-ref.js";
import type { AssetKey, DependencySpec } from "../../src/model/asset-spec.js";
import type { PartitionMapping } from "../../src/model/partition-mapping/partition-mapping.js";
import type { AssetIndex, Found } from "./asset-index.js";
import type { CatalogDraft } from "./catalog-draft.js";
import type { PipelineClass } from "./pipeline-class.js";
import { orderBy } from "./order-by.js";

/** An upstream whose value a method takes. */
export interface Load {
  readonly key: AssetKey;
  readonly mapping?: PartitionMapping;
}

/** What an asset or check depends on: the values that it loads, and `deps`. */
export interface Wanted {
  readonly loads: readonly Load[];
  readonly deps: readonly Dep[];
  /** Key of each out of the same computation by its name: `deps` may name siblings so. */
  readonly siblings?: ReadonlyMap<string, AssetKey> | undefined;
  readonly site: DeclarationSite;
  /** The class that says so: what it says of itself holds for the same copy of it. */
  readonly within?: PipelineClass | undefined;
}

/** One entry for each upstream, in order of key; loading wins over ordering. Unknown ones are problems, as are two mappings of one. */
export function resolveDependencies({ loads, deps, siblings, site, within }: Wanted, draft: CatalogDraft): readonly DependencySpec[] {
  const found = new Map<AssetKey, DependencySpec>();
  for (const { key, mapping } of loads) {
    const known = found.get(key);
    if (known && !sameMapping(known.mapping, mapping)) reportTwoMappings(key, site, draft);
    found.set(key, mapping ? { key, kind: "load", when: "success", mapping } : { key, kind: "load", when: "success" });
  }
  for (const dep of deps) {
    const edge = typeof dep === "object" && dep.kind === "edge" ? dep : undefined;
    const upstream = lookUp((edge ? edge.upstream : dep) as AssetRef | string, draft.index, { siblings, within });
    if (!("key" in upstream)) {
      draft.report({ ...upstream, site });
      continue;
    }
    const { key } = upstream;
    const known = found.get(key);
    const given = edge?.mapping && draft.mappings.dataOf(edge.mapping);
    if (known && given && !sameMapping(known.mapping, given)) reportTwoMappings(key, site, draft);
    const mapping = known?.mapping ?? given;
    const when = edge ? edge.when : (known?.when ?? "success");
    found.set(key, { key, kind: known?.kind ?? "order", when, ...(mapping ? { mapping } : {}) });
  }
  return [...found.values()].sort(orderBy(({ key }) => key));
}

function sameMapping(one: PartitionMapping | undefined, other: PartitionMapping | undefined): boolean {
  return (
    one === other ||
    (one !== undefined && other !== undefined && canonicalJson(one as unknown as Json) === canonicalJson(other as unknown as Json))
  );
}

function reportTwoMappings(key: AssetKey, site: DeclarationSite, { report }: CatalogDraft): void {
  report({
    code: "DEFINITION.TWO_MAPPINGS",
    message: `"${key}" is needed here by two mappings of partitions that differ.`,
    site,
    fix: "Take it once, by one mapping: @InputPartitions gives several partitions, e.g. with timeWindowMapping({ startOffset: -1 }) this one and the one before.",
  });
}

function lookUp(
  upstream: AssetRef | string,
  index: AssetIndex,
  { siblings, within }: { readonly siblings: Wanted["siblings"]; readonly within: Wanted["within"] },
): Found {
  if (typeof upstream !== "string") return index.findRef(upstream, within);
  const sibling = siblings?.get(upstream);
  return !index.has(upstream) && sibling !== undefined ? { key: sibling } : index.findKey(upstream);
}
