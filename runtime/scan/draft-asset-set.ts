import type { AssetSet } from "../../decorators/declarations/declaration.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { samePartitions } from "../../src/model/partitions/partitions-definition.js";
import { claimKey } from "./claim-key.js";
import type { AssetDraft, SetDraft } from "./unit-draft.js";

/** The computation of `defineAssets`; its keys are claimed. */
export function draftAssetSet(set: AssetSet, draft: CatalogDraft): SetDraft {
  const { site } = set;
  const assets = set.specs.map((spec) => ({
    key: spec.key,
    out: spec.key,
    fields: spec,
    skippable: spec.skippable,
    checks: spec.checks,
  }));
  for (const { key } of assets) claimKey(draft, key, site);
  reportDivision(assets, site, draft);
  const first = assets.map(({ key }) => key).sort()[0] ?? "";
  const id = set.name ?? (assets.length === 1 ? first : `${first}+${assets.length - 1}`);
  const outKeys = new Map(assets.map(({ out, key }) => [out, key]));
  return { id, kind: "multi-asset", site, assets, outKeys, deps: [], canSubset: set.canSubset, from: { set } };
}

/** What is made together runs on the same partitions. */
function reportDivision([first, ...others]: readonly AssetDraft[], site: DeclarationSite, { report }: CatalogDraft): void {
  if (!first) return;
  const { partitions } = first.fields;
  const other = others.find(({ fields }) =>
    partitions && fields.partitions ? !samePartitions(partitions, fields.partitions) : partitions !== fields.partitions,
  );
  if (!other) return;
  report({
    code: "DEFINITION.UNIT_PARTITIONS",
    message: `One function makes "${first.key}" and "${other.key}", which are divided differently.`,
    site,
    fix: "Give all specs of one defineAssets the same partitions, or call it once for each of them.",
  });
}
