import { jsonSchemaOf } from "../../src/config/json-schema.js";
import { tokenName, type Token } from "../../src/config/provided.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";
import type { FoundProblem } from "./catalog-draft.js";

/**
 * The problem of a resource that nothing binds.
 * @param who - what needs it, at the beginning of a sentence: `The constructor of Sales`
 */
export function missingResource(who: string, token: Token, site: DeclarationSite | undefined, otherwise = ""): FoundProblem {
  return {
    code: "DEFINITION.MISSING_RESOURCE",
    message: `${who} needs the resource ${tokenName(token)}, which is not in Definitions.resources.`,
    site,
    fix: `Add to Definitions: resources: [${bindingOf(token)}]${otherwise}.`,
  };
}

/** What to write to bind it: `Api.with({ baseUrl: … })`, or `provide(Client, …)` for what is no resource class. */
function bindingOf(token: Token): string {
  if (typeof token === "string") return `provide(${JSON.stringify(token)}, …)`;
  if (typeof token === "symbol" || typeof (token as { with?: unknown }).with !== "function") return `provide(${tokenName(token)}, …)`;
  const { required = [] } = (jsonSchemaOf(token) ?? {}) as { readonly required?: readonly string[] };
  const fields = required.map((field) => `${field}: …`).join(", ");
  return `${token.name}.with({${fields === "" ? "" : ` ${fields} `}})`;
}
