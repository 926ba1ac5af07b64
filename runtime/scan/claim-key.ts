import { isAssetKey } from "../../decorators/declarations/names.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { CatalogDraft } from "./catalog-draft.js";

/** Notes that the key is declared at the site; one that is no key, or is declared already, is a problem. */
export function claimKey({ index, report }: CatalogDraft, key: AssetKey, site: DeclarationSite): void {
  if (!isAssetKey(key)) {
    report({
      code: "DEFINITION.KEY",
      message: `${JSON.stringify(key)} is no asset key.`,
      site,
      fix: 'Give it a key of letters, digits, _, . and -, joined by /, e.g. key: "sales/daily_orders".',
    });
  }
  const first = index.addKey(key, site);
  if (first === undefined) return;
  report({
    code: "DEFINITION.DUPLICATE_ASSET_KEY",
    message: `Asset key "${key}" is declared by ${first} and by ${site}.`,
    site,
    fix: `Give one of them another key, e.g. @Asset({ key: "${key.slice(key.lastIndexOf("/") + 1)}_v2" }).`,
  });
}
