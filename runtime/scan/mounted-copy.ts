import { type Provided, type Token, tokenName } from "../../src/config/provided.js";
import type { Ctor } from "../../src/model/asset-ref.js";

/**
 * A class that does all that another does and is another: so that each copy of a pipeline has an instance of its own, and each copy of a resource is
 * bound beside the others.
 */
export function copyOfClass(type: Ctor, name: string): Ctor {
  const copy = class extends (type as new () => object) {};
  Object.defineProperty(copy, "name", { value: name });
  return copy;
}

/** A resource of one copy of a pipeline: the same under a token of its own. */
export function copyOfResource(provided: Provided, keyPrefix: string): Provided {
  const name = `${keyPrefix}/${tokenName(provided.token)}`;
  if (provided.fields === undefined) return { ...provided, token: Symbol(name) as Token };
  return { ...provided, token: copyOfClass(provided.token, name) };
}
