import type { AssetRef, Dep } from "../../src/model/asset-ref.js";
import type { AssetKey, DependencySpec } from "../../src/model/asset-spec.js";
import type { AssetIndex, Found } from "./asset-index.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { orderBy } from "./order-by.js";

/** What an asset or check depends on: the values that it loads, and `deps`. */
export interface Wanted {
  readonly loads: readonly AssetKey[];
  readonly deps: readonly Dep[];
  /** Key of each out of the same computation by its name: `deps` may name siblings so. */
  readonly siblings?: ReadonlyMap<string, AssetKey>;
  readonly site: string;
}

/** One entry for each upstream, in order of key; loading wins over ordering. Unknown ones are problems. */
export function resolveDependencies({ loads, deps, siblings, site }: Wanted, { index, report }: CatalogDraft): readonly DependencySpec[] {
  const found = new Map<AssetKey, DependencySpec>();
  for (const key of loads) found.set(key, { key, kind: "load", when: "success" });
  for (const dep of deps) {
    const isEdge = typeof dep === "object" && dep.kind === "edge";
    const upstream = lookUp((isEdge ? dep.upstream : dep) as AssetRef | string, index, siblings);
    if (!("key" in upstream)) {
      report({ ...upstream, site });
      continue;
    }
    const known = found.get(upstream.key);
    found.set(upstream.key, {
      key: upstream.key,
      kind: known?.kind ?? "order",
      when: isEdge ? dep.when : (known?.when ?? "success"),
    });
  }
  return [...found.values()].sort(orderBy(({ key }) => key));
}

function lookUp(upstream: AssetRef | string, index: AssetIndex, siblings: Wanted["siblings"]): Found {
  if (typeof upstream !== "string") return index.findRef(upstream);
  const sibling = siblings?.get(upstream);
  return !index.has(upstream) && sibling !== undefined ? { key: sibling } : index.findKey(upstream);
}
