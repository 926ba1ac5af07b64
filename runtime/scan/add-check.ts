import type { CheckFields } from "../../decorators/declarations/declaration.js";
import { type CheckSpec, checkId } from "../../src/model/asset-spec.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { declaredAt, siteOf } from "./declared-at.js";
import { storedMetadata } from "./describe-asset.js";

/** Adds a check to the catalog; a second of one name is a problem. @returns its id */
export function addCheck(
  check: CheckFields,
  of: Pick<CheckSpec, "asset" | "unit" | "deps"> & { readonly site: DeclarationSite },
  draft: CatalogDraft,
): string {
  const id = checkId({ asset: of.asset, name: check.name });
  const first = draft.checks.get(id);
  if (first) {
    draft.report({
      code: "DEFINITION.DUPLICATE_CHECK",
      message: `Check "${check.name}" of asset "${of.asset}" is declared by ${siteOf(first)} and by ${of.site}.`,
      site: of.site,
      fix: `Give one of them another name, e.g. name: "${check.name}_v2".`,
    });
    return id;
  }
  const spec = {
    asset: of.asset,
    name: check.name,
    unit: of.unit,
    blocking: check.blocking,
    ...(check.description === undefined ? {} : { description: check.description }),
    ...(check.watches === undefined ? {} : { watches: check.watches }),
    metadata: storedMetadata(check.metadata, of.site, draft),
    deps: of.deps,
  };
  draft.checks.set(id, declaredAt(spec, of.site));
  return id;
}
