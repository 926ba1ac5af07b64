import { addCheck } from "./add-check.js";
import { addUnit } from "./add-unit.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { missingResource } from "./missing-resource.js";
import { namesOf } from "./resolve-method.js";
import type { SetDraft } from "./unit-draft.js";

/** Looks up what the function of `defineAssets` takes, and adds it to the catalog and the bindings. */
export function resolveAssetSet(draftOfSet: SetDraft, draft: CatalogDraft): void {
  const { site, id } = draftOfSet;
  const { set } = draftOfSet.from;
  for (const token of set.resources) if (!draft.resources.has(token)) draft.report(missingResource("The function", token, site));
  const checks: string[] = [];
  for (const check of set.checks) {
    const found = draft.index.find(check.asset);
    if ("key" in found) checks.push(addCheck(check, { asset: found.key, unit: id, deps: [], site }, draft));
    else draft.report({ ...found, site });
  }
  addUnit(
    draftOfSet,
    {
      loads: [],
      code: { kind: "function", run: set.run as (context: unknown) => unknown, resources: set.resources },
      unit: { ...set.unit, resources: namesOf(set.resources) },
      checks,
    },
    draft,
  );
}
