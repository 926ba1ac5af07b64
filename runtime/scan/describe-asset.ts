import type { AssetFields } from "../../decorators/declarations/declaration.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";
import { messageOf } from "../../src/base/errors.js";
import type { AssetSpec } from "../../src/model/asset-spec.js";
import type { MetadataValue } from "../../src/model/metadata-value.js";
import { normalizeMetadata } from "../../src/model/metadata.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { declaredAt } from "./declared-at.js";
import type { AssetDraft } from "./unit-draft.js";

/** All that is known of an asset without its code, but for the computation that makes it. */
export function describeAsset(
  { key, out, fields, skippable }: AssetDraft,
  of: Pick<AssetSpec, "deps" | "observable"> & { readonly site: DeclarationSite },
  draft: CatalogDraft,
): AssetSpec {
  const spec: { -readonly [K in keyof AssetSpec]: AssetSpec[K] } = {
    key,
    group: fields.group ?? "default",
    owners: [...(fields.owners ?? [])],
    tags: { ...fields.tags },
    kinds: [...(fields.kinds ?? [])],
    metadata: storedMetadata(fields.metadata, of.site, draft),
    deps: of.deps,
    skippable,
    observable: of.observable,
    partitions: fields.partitions ?? null,
  };
  if (out !== undefined) spec.out = out;
  if (fields.description !== undefined) spec.description = fields.description;
  if (fields.codeVersion !== undefined) spec.codeVersion = fields.codeVersion;
  if (fields.backfillPolicy !== undefined) spec.backfillPolicy = fields.backfillPolicy;
  if (fields.reuse !== undefined) spec.reuse = fields.reuse;
  if (fields.schema !== undefined) spec.schema = structuredClone(fields.schema);
  return declaredAt(spec, of.site);
}

/** The metadata with the kinds of its values written out; what cannot be stored is a problem. */
export function storedMetadata(
  metadata: AssetFields["metadata"],
  site: DeclarationSite,
  { report }: CatalogDraft,
): Readonly<Record<string, MetadataValue>> {
  if (!metadata) return {};
  try {
    // A copy, so that freezing the catalog does not freeze what the author holds.
    return structuredClone(normalizeMetadata(metadata));
  } catch (error) {
    report({
      code: "METADATA.VALUE",
      message: messageOf(error).split("\n")[0] ?? "",
      site,
      fix: "Give text, a number, a boolean, a Date, plain data, or a value made by MetadataValue.",
    });
    return {};
  }
}
