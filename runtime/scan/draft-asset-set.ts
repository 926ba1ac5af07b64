import type { AssetSet } from "../../decorators/declarations/declaration.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { claimKey } from "./claim-key.js";
import type { SetDraft } from "./unit-draft.js";

/** The computation of `defineAssets`; its keys are claimed. */
export function draftAssetSet(set: AssetSet, draft: CatalogDraft): SetDraft {
  const site = set.site.toString();
  const assets = set.specs.map((spec) => ({
    key: spec.key,
    out: spec.key,
    fields: spec,
    skippable: spec.skippable,
    checks: spec.checks,
  }));
  for (const { key } of assets) claimKey(draft, key, site);
  const first = assets.map(({ key }) => key).sort()[0] ?? "";
  const id = set.name ?? (assets.length === 1 ? first : `${first}+${assets.length - 1}`);
  return { id, kind: "multi-asset", site, assets, deps: [], canSubset: set.canSubset, from: { set } };
}
