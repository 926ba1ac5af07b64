import "reflect-metadata";
import { inject as injectIntoConstructor } from "tsyringe";
import type { Token } from "../src/config/provided.js";
import { declare } from "./declarations/slot.js";
import { declarationSite } from "../src/base/declaration-site.js";
import { methodTarget } from "./declarations/method-target.js";

/** What `provide(token, …)` binds: for a parameter of a pipeline's constructor or of an annotated method whose type names no class. */
export function inject(token: Token): ParameterDecorator {
  const captured = declarationSite(inject);
  return (target, key, index) => {
    if (key === undefined) return injectIntoConstructor(token as string)(target, key, index);
    const { method, site } = methodTarget("@inject", target, key, captured);
    declare(target, {
      kind: "parameter",
      method,
      site,
      index,
      from: { kind: "token", token },
      optional: false,

      partitions: false,
    });
  };
}
