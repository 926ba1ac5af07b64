import type { UnitSpec } from "../../src/model/asset-spec.js";
import { addCheck } from "./add-check.js";
import type { UnitCode } from "./bindings.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { declaredAt, siteOf } from "./declared-at.js";
import { describeAsset } from "./describe-asset.js";
import { type Load, resolveDependencies } from "./resolve-dependencies.js";
import type { UnitDraft } from "./unit-draft.js";

/** What a computation is beside the assets that it makes. */
export interface UnitParts {
  readonly loads: readonly Load[];
  readonly code: UnitCode;
  readonly unit: Pick<UnitSpec, "retry" | "timeoutMs" | "resources" | "configSchema">;
  /** Ids of checks that are added already. */
  readonly checks: readonly string[];
}

/** Adds a computation with its assets and their checks to the catalog and the bindings. */
export function addUnit(unit: UnitDraft, parts: UnitParts, draft: CatalogDraft): void {
  const { id, site } = unit;
  const siblings = unit.kind === "multi-asset" ? unit.outKeys : undefined;
  const within = "view" in unit.from ? unit.from.view : undefined;
  const checks = [...parts.checks];
  for (const asset of unit.assets) {
    const deps = resolveDependencies(
      { loads: parts.loads, deps: [...unit.deps, ...(asset.fields.deps ?? [])], siblings, site, within },
      draft,
    );
    const described = describeAsset(asset, { site, deps, observable: unit.kind === "observable" }, draft);
    draft.assets.set(asset.key, Object.assign(described, { unit: id }));
    if (asset.fields.io) draft.io.set(asset.key, asset.fields.io);
    for (const check of asset.checks) checks.push(addCheck(check, { asset: asset.key, unit: id, deps: [], site }, draft));
  }
  if (draft.bindings.has(id)) reportSameName(unit, draft);
  const assets = unit.assets.map(({ key }) => key);
  draft.units.push(declaredAt(Object.assign({ id, kind: unit.kind, assets, checks, canSubset: unit.canSubset }, parts.unit), site));
  draft.bindings.set(id, { unit: id, code: parts.code, outKeys: unit.outKeys });
}

/** Computations of one name whose assets differ; where they are the same, the key has been reported. */
function reportSameName({ id, assets, site }: UnitDraft, draft: CatalogDraft): void {
  const other = draft.units.find((unit) => unit.id === id);
  if (other?.assets.some((key) => assets.some((asset) => asset.key === key))) return;
  draft.report({
    code: "DEFINITION.DUPLICATE_UNIT",
    message: `Two computations are named "${id}": ${other && siteOf(other)} and ${site}.`,
    site,
    fix: "Rename one of the methods, or give the class a keyPrefix.",
  });
}
