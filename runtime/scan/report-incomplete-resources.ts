import { faultsBeforeRun } from "../../src/config/faults-before-run.js";
import { isProvided, type Provided, tokenName } from "../../src/config/provided.js";
import { faultText } from "../../src/config/resolve-fields.js";
import type { UnitSpec } from "../../src/model/asset-spec.js";
import type { UnitCode } from "./bindings.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { siteOf } from "./declared-at.js";

/** What needs each resource, as a reader finds it: `Sales.orders (assets.ts:12)`, `the constructor of Sales`. */
type Needs = Map<Provided, Set<string>>;

/** Reports the fields without which a resource or IO manager cannot be made, and who needs it; of one that nothing needs it warns. */
export function reportIncompleteResources(draft: CatalogDraft, defaultIo: Provided | undefined): void {
  for (const [provided, needs] of needsOf(draft, defaultIo)) {
    if (!provided.fields) continue;
    const name = tokenName(provided.token);
    for (const fault of faultsBeforeRun(provided.token, provided.fields, name)) {
      const field = fault.path.slice(name.length + 1).split(".")[0] ?? "";
      const { site } = provided;
      if (needs.size === 0) {
        draft.warnings.push(`${faultText(fault)}. Nothing needs ${name}, so no run will fail.${site === undefined ? "" : ` At ${site}.`}`);
        continue;
      }
      draft.report({
        code: "DEFINITION.RESOURCE_FIELD",
        message: `${faultText(fault)}. ${name} is needed by ${listed([...needs])}.`,
        site,
        fix: `Write ${name}.with({ ${field}: … }), or ${field}: env("NAME") to read it when a run starts.`,
      });
    }
  }
}

function needsOf(draft: CatalogDraft, defaultIo: Provided | undefined): Needs {
  const needs: Needs = new Map();
  const add = (provided: Provided | undefined, who?: string): void => {
    if (!provided) return;
    const known = needs.get(provided) ?? new Set();
    needs.set(provided, known);
    if (who !== undefined) known.add(who);
    for (const [field, held] of Object.entries(provided.fields ?? {}))
      if (isProvided(held)) add(held, who === undefined ? undefined : `${tokenName(provided.token)} (as its ${field})`);
  };
  for (const provided of draft.resources.values()) add(provided);
  for (const unit of draft.units)
    for (const [token, who] of tokensOf(draft.bindings.get(unit.id)?.code, unit)) add(draft.resources.get(token), who);
  for (const { key, unit } of draft.assets.values())
    if (unit !== undefined) add(draft.io.get(key) ?? defaultIo, `the asset "${key}", whose values it keeps`);
  return needs;
}

function tokensOf(code: UnitCode | undefined, unit: UnitSpec): readonly (readonly [Provided["token"], string])[] {
  if (!code) return [];
  const needed =
    code.kind === "function" ? code.resources : code.parameters.flatMap((each) => (each.kind === "resource" ? [each.token] : []));
  const own = needed.map((token) => [token, String(siteOf(unit) ?? unit.id)] as const);
  if (code.kind === "function") return own;
  return [...code.constructorTokens.map((token) => [token, `the constructor of ${code.pipeline.name}`] as const), ...own];
}

function listed(all: readonly string[]): string {
  const shown = all.slice(0, 3);
  const rest = all.length - shown.length;
  return `${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
