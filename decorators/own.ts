import { declare } from "./declarations/slot.js";
import { declarationSite } from "../src/base/declaration-site.js";
import { methodTarget } from "./declarations/method-target.js";
import type { InputOptions } from "./input.js";
import { takeOf } from "./take-options.js";
import type { OwnDecorator } from "./value-of.js";

/** The value of an asset of this same class; in a subclass: of the subclass's own; in a class that is mounted twice: of the same copy. */
export function Own<M extends string, const Opt extends InputOptions = InputOptions>(
  method: M,
  options?: Opt,
): OwnDecorator<M, undefined, Opt>;
export function Own<M extends string, O extends string, const Opt extends InputOptions = InputOptions>(
  method: M,
  out: O,
  options?: Opt,
): OwnDecorator<M, O, Opt>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the overloads above are the types
export function Own(upstream: string, second?: string | InputOptions, third?: InputOptions): any {
  const captured = declarationSite(Own);
  const out = typeof second === "string" ? second : undefined;
  const { optional = false, ...taken } = (typeof second === "object" ? second : third) ?? {};
  const from = { kind: "own", method: upstream, ...(out === undefined ? {} : { out }) } as const;
  return (target: object, key: string | symbol | undefined, index: number): void => {
    const at = methodTarget("@Own", target, key ?? "constructor", captured);
    declare(target, { kind: "parameter", ...at, index, from, optional, partitions: false, ...takeOf(taken) });
  };
}
