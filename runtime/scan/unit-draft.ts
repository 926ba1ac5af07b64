import type { AssetFields, AssetSet, CheckFields, UnitDeclaration } from "../../decorators/declarations/declaration.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";
import type { Dep } from "../../src/model/asset-ref.js";
import type { AssetKey, UnitSpec } from "../../src/model/asset-spec.js";
import type { PipelineClass } from "./pipeline-class.js";

/** An asset before its dependencies are looked up. */
export interface AssetDraft {
  readonly key: AssetKey;
  readonly out?: string;
  readonly fields: AssetFields;
  readonly skippable: boolean;
  readonly checks: readonly CheckFields[];
}

interface Draft {
  readonly id: string;
  readonly kind: UnitSpec["kind"];
  readonly site: DeclarationSite;
  readonly assets: readonly AssetDraft[];
  /** Key of each out by its name; `result` alone for a single asset. */
  readonly outKeys: ReadonlyMap<string, AssetKey>;
  readonly deps: readonly Dep[];
  readonly canSubset: boolean;
}

/** A method's computation before what it takes is looked up. */
export interface MethodDraft extends Draft {
  readonly from: { readonly view: PipelineClass; readonly declaration: UnitDeclaration };
}

/** The same for the function of `defineAssets`. */
export interface SetDraft extends Draft {
  readonly from: { readonly set: AssetSet };
}

/** A computation while the catalog is drafted: a method, or the function of `defineAssets`. */
export type UnitDraft = MethodDraft | SetDraft;
