import type { Token } from "../../src/config/provided.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { BUILT_IN, IMPORT_FIX, METADATA_FIX } from "./compiler-metadata.js";
import { missingResource } from "./missing-resource.js";
import type { PipelineClass } from "./pipeline-class.js";

/** The tokens that a pipeline's constructor takes, in order; problems are reported. */
export function bindConstructor(view: PipelineClass, draft: CatalogDraft): readonly Token[] {
  if (!view.declaration) {
    draft.report({
      code: "DEFINITION.NO_PIPELINE",
      message: `${view.name} is in Definitions.pipelines, but it has no @Pipeline().`,
      fix: `Write @Pipeline() before class ${view.name}.`,
    });
    return [];
  }
  const types = constructorTypes(view, draft);
  return types.flatMap((type, index) => {
    const token = view.ownTokens.get(type as Token) ?? (type as Token);
    if (draft.resources.has(token)) return [token];
    const site = view.declaration?.site;
    const named = typeof type === "string" || typeof type === "symbol";
    if (!named && (typeof type !== "function" || BUILT_IN.has(type))) {
      const name = typeof type === "function" ? type.name : String(type);
      draft.report({
        code: "DEFINITION.PARAMETER",
        message: `Parameter ${index + 1} of the constructor of ${view.name} has the type ${name} at run time, which is no resource.`,
        site,
        fix: `Take resources by their class. ${IMPORT_FIX}`,
      });
    } else {
      draft.report(missingResource(`The constructor of ${view.name}`, token, site));
    }
    return [];
  });
}

function constructorTypes(view: PipelineClass, draft: CatalogDraft): readonly unknown[] {
  for (const level of view.chain) {
    const reflect = Reflect as { getOwnMetadata?: (key: string, holder: object) => unknown };
    const types = reflect.getOwnMetadata?.("design:paramtypes", level);
    if (Array.isArray(types)) return withTokens(types, level);
    if (level.length === 0) continue;
    const site = view.declaration?.site;
    draft.report({
      code: "DEFINITION.NO_METADATA",
      message: `The constructor of ${level.name} takes parameters, but the compiler wrote no types for them.`,
      site,
      fix: `Write @Pipeline() before class ${level.name}. ${METADATA_FIX}`,
    });
    return [];
  }
  return [];
}

/** The types with those that `@inject(token)` stands before replaced by the token. */
function withTokens(types: readonly unknown[], level: object): readonly unknown[] {
  const reflect = Reflect as { getOwnMetadata?: (key: string, holder: object) => unknown };
  const injected = (reflect.getOwnMetadata?.("injectionTokens", level) ?? {}) as Readonly<Record<number, { readonly token?: unknown }>>;
  return types.map((type, index) => injected[index]?.token ?? type);
}
