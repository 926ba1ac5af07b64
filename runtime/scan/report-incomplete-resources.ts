import { faultsBeforeRun } from "../../src/config/faults-before-run.js";
import { isProvided, type Provided, tokenName } from "../../src/config/provided.js";
import { faultText } from "../../src/config/resolve-fields.js";
import type { UnitCode } from "./bindings.js";
import type { CatalogDraft } from "./catalog-draft.js";

/** What needs each resource, as a reader finds it: `Sales.orders (assets.ts:12)`, `the constructor of Sales`. */
type Needs = Map<Provided, Set<string>>;

/** Reports the fields without which a resource or IO manager cannot be made, and who needs it; of one that nothing needs it warns. */
export function reportIncompleteResources(draft: CatalogDraft, defaultIo: Provided | undefined): void {
  for (const [provided, needs] of needsOf(draft, defaultIo)) {
    if (!provided.fields) continue;
    const name = tokenName(provided.token);
    for (const fault of faultsBeforeRun(provided.token, provided.fields, name)) {
      const field = fault.path.slice(name.length + 1).split(".")[0] ?? "";
      const site = provided.site?.toString();
      if (needs.size === 0) {
        draft.warnings.push(`${faultText(fault)}. Nothing needs ${name}, so no run will fail.${site === undefined ? "" : ` At ${site}.`}`);
        continue;
      }
      draft.report({
        code: "DEFINITION.RESOURCE_FIELD",
        message: `${faultText(fault)}. ${name} is needed by ${listed([...needs])}.`,
        ...(site === undefined ? {} : { site }),
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
  for (const { id, site } of draft.units)
    for (const [token, who] of tokensOf(draft.bindings.get(id)?.code, site ?? id)) add(draft.resources.get(token), who);
  for (const { key, unit } of draft.assets.values())
    if (unit !== undefined) add(draft.io.get(key) ?? defaultIo, `the asset "${key}", whose values it keeps`);
  return needs;
}

function tokensOf(code: UnitCode | undefined, site: string): readonly (readonly [Provided["token"], string])[] {
  if (!code) return [];
  if (code.kind === "function") return code.resources.map((token) => [token, site] as const);
  const own = code.parameters.flatMap((parameter) => (parameter.kind === "resource" ? [[parameter.token, site] as const] : []));
  return [...code.constructorTokens.map((token) => [token, `the constructor of ${code.pipeline.name}`] as const), ...own];
}

function listed(all: readonly string[]): string {
  const shown = all.slice(0, 3);
  const rest = all.length - shown.length;
  return `${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
