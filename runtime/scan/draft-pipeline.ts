import type { AssetFields, MultiAssetDeclaration, UnitDeclaration } from "../../decorators/declarations/declaration.js";
import { snakeCase } from "../../decorators/declarations/names.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { claimKey } from "./claim-key.js";
import { METADATA_FIX } from "./compiler-metadata.js";
import type { PipelineClass } from "./pipeline-class.js";
import type { AssetDraft, MethodDraft } from "./unit-draft.js";

/** The computations of a class; their keys are claimed. */
export function draftPipeline(view: PipelineClass, draft: CatalogDraft): readonly MethodDraft[] {
  reportStrays(view, draft);
  reportUntyped(view, draft);
  return [...view.units.values()].map((declaration) => draftMethod(view, declaration, draft));
}

function reportStrays(view: PipelineClass, { report }: CatalogDraft): void {
  for (const { declaration, why } of view.strays) {
    const name = `${view.name}.${declaration.method}`;
    const { site } = declaration;
    if (why === "twice")
      report({
        code: "DEFINITION.DECORATED_TWICE",
        message: `${name} has two decorators that each make it a computation.`,
        site,
        fix: "Keep one of them.",
      });
    else
      report({
        code: "DEFINITION.STRAY_INPUT",
        message: `A parameter of ${name} is annotated, but the method is no asset and no check.`,
        site,
        fix: "Put @Asset() on the method (an override must repeat it), or take the parameter's decorator away.",
      });
  }
}

function reportUntyped(view: PipelineClass, { report }: CatalogDraft): void {
  const untyped = [...view.units.values()].filter((unit) => lacksTypes(view, unit));
  if (untyped.length === 0) return;
  report({
    code: "DEFINITION.NO_METADATA",
    message: `The compiler wrote no parameter types for ${untyped.map((unit) => `${view.name}.${unit.method}`).join(", ")}.`,
    site: untyped[0]?.site,
    fix: METADATA_FIX,
  });
}

function lacksTypes(view: PipelineClass, unit: UnitDeclaration): boolean {
  if (unit.parameterTypes !== undefined) return false;
  const method: unknown = (view.type.prototype as Record<string, unknown>)[unit.method];
  return typeof method === "function" && method.length > (view.inputs.get(unit.method)?.size ?? 0);
}

function draftMethod(view: PipelineClass, declaration: UnitDeclaration, draft: CatalogDraft): MethodDraft {
  const { site } = declaration;
  const from = { view, declaration };
  if (declaration.kind === "check")
    return { site, from, id: "", kind: "check", assets: [], outKeys: new Map(), deps: declaration.deps, canSubset: false };
  const deps = declaration.fields.deps ?? [];
  const name = snakeCase(declaration.method);
  if (declaration.kind === "multi-asset") {
    const assets = outsOf(declaration, view);
    const outKeys = new Map(assets.map(({ out = "", key }) => [out, key]));
    for (const { key } of assets) claimKey(draft, key, site);
    draft.index.addMethod(view, declaration.method, outKeys);
    const id = keyUnder(view, declaration, name);
    return { site, from, id, kind: "multi-asset", assets, outKeys, deps, canSubset: declaration.canSubset };
  }
  const key = keyUnder(view, declaration, declaration.fields.key ?? name);
  const outKeys = new Map([["result", key]]);
  claimKey(draft, key, site);
  draft.index.addMethod(view, declaration.method, outKeys);
  const checks = declaration.kind === "asset" ? declaration.checks : [];
  const assets = [{ key, fields: fieldsOf(declaration, view), skippable: false, checks }];
  return { site, from, id: key, kind: declaration.kind, assets, outKeys, deps, canSubset: false };
}

type AssetUnit = Exclude<UnitDeclaration, { kind: "check" }>;

function keyUnder(view: PipelineClass, { fields }: AssetUnit, name: string): string {
  const key = fields.keyPrefix === undefined ? name : `${fields.keyPrefix}/${name}`;
  return view.fields.keyPrefix === undefined ? key : `${view.fields.keyPrefix}/${key}`;
}

/** The fields of the class with those of the method over them. By Object.assign: two spreads in one literal take ten times as long, for every asset. */
function fieldsOf(declaration: AssetUnit, view: PipelineClass): AssetFields {
  const tags = Object.assign({}, view.fields.tags, declaration.fields.tags);
  return Object.assign({}, view.fields, declaration.fields, { tags, deps: [] });
}

function outsOf(declaration: MultiAssetDeclaration, view: PipelineClass): readonly AssetDraft[] {
  const fields = fieldsOf(declaration, view);
  return [...declaration.outs].map(([out, given]) => ({
    key: keyUnder(view, declaration, given.key ?? snakeCase(out)),
    out,
    fields: {
      ...fields,
      ...given,
      tags: { ...fields.tags, ...given.tags },
      deps: given.deps ?? [],
      metadata: { ...fields.metadata, ...given.metadata },
    },
    skippable: given.skippable,
    checks: given.checks,
  }));
}
