import type { Json } from "../../src/base/canonical-json.js";
import { isProvided, type Provided, tokenName } from "../../src/config/provided.js";
import type { Ctor } from "../../src/model/asset-ref.js";
import type { ResourceSpec } from "../../src/model/catalog.js";
import type { CatalogDraft } from "./catalog-draft.js";

/** Binds what `Definitions.resources` lists, and tells what is known of each without its code. */
export function bindResources(
  resources: readonly Provided[],
  draft: CatalogDraft,
  schemaOf: (type: Ctor) => Json | undefined,
): readonly ResourceSpec[] {
  const specs = new Map<string, ResourceSpec>();
  for (const provided of resources) {
    const name = tokenName(provided.token);
    if (specs.has(name)) {
      draft.report({
        code: "DEFINITION.DUPLICATE_RESOURCE",
        message: `Two entries of Definitions.resources are bound under ${name}.`,
        fix: "Keep one; for two of a kind, make a subclass of each.",
      });
      continue;
    }
    draft.resources.set(provided.token, provided);
    const schema = provided.fields ? schemaOf(provided.token) : undefined;
    const needs = Object.values(provided.fields ?? {}).flatMap((field) => (isProvided(field) ? [tokenName(field.token)] : []));
    specs.set(name, { name, ...(schema === undefined ? {} : { configSchema: schema }), needs });
  }
  return [...specs.values()];
}
