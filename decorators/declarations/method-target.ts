import { OptionError } from "./option-error.js";
import type { DeclarationSite } from "../../src/base/declaration-site.js";

/** The method's name and its own site. @throws {@link OptionError} for a static method or one named by a symbol */
export function methodTarget(
  decorator: string,
  target: object,
  method: string | symbol,
  site: DeclarationSite,
): { readonly method: string; readonly site: DeclarationSite } {
  const owner = typeof target === "function" ? target.name : (target.constructor as { name?: string }).name || "(anonymous class)";
  const at = site.of(`${owner}.${String(method)}`);
  if (typeof target === "function")
    throw new OptionError(
      `${decorator} stands on a static method.`,
      at,
      "Make it a method of the instance: resources reach it through the constructor.",
    );
  if (typeof method === "symbol")
    throw new OptionError(
      `${decorator} stands on a method that is named by a symbol.`,
      at,
      "Give it a name: the asset's key comes from it.",
    );
  return { method, site: at };
}
