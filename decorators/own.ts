import { declare } from "./declarations/slot.js";
import { declarationSite } from "../src/base/declaration-site.js";
import { methodTarget } from "./declarations/method-target.js";
import type { OwnDecorator } from "./value-of.js";

/** The value of an asset of this same class; in a subclass: of the subclass's own. */
export function Own<M extends string>(method: M): OwnDecorator<M, undefined>;
export function Own<M extends string>(method: M, options: { readonly stream: true }): OwnDecorator<M, undefined, true>;
export function Own<M extends string, O extends string>(method: M, out: O): OwnDecorator<M, O>;
export function Own<M extends string, O extends string>(method: M, out: O, options: { readonly stream: true }): OwnDecorator<M, O, true>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the overloads above are the types
export function Own(upstream: string, second?: string | { readonly stream: true }, third?: { readonly stream: true }): any {
  const captured = declarationSite(Own);
  const out = typeof second === "string" ? second : undefined;
  const stream = (typeof second === "object" ? second : third)?.stream ?? false;
  return (target: object, key: string | symbol | undefined, index: number): void => {
    const { method, site } = methodTarget("@Own", target, key ?? "constructor", captured);
    declare(target, {
      kind: "parameter",
      method,
      site,
      index,
      from: { kind: "own", method: upstream, ...(out === undefined ? {} : { out }) },
      optional: false,
      stream,
      partitions: false,
    });
  };
}
