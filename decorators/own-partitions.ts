import { declarationSite } from "../src/base/declaration-site.js";
import { methodTarget } from "./declarations/method-target.js";
import { declare } from "./declarations/slot.js";
import { takeOf, type TakeOptions } from "./take-options.js";
import type { OwnPartitionsDecorator } from "./value-of.js";

/** The values of several partitions of an asset of this same class, as `Partitions`. */
export function OwnPartitions<M extends string, const Opt extends TakeOptions = TakeOptions>(
  method: M,
  options?: Opt,
): OwnPartitionsDecorator<M, undefined, Opt>;
export function OwnPartitions<M extends string, O extends string, const Opt extends TakeOptions = TakeOptions>(
  method: M,
  out: O,
  options?: Opt,
): OwnPartitionsDecorator<M, O, Opt>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the overloads above are the types
export function OwnPartitions(upstream: string, second?: string | TakeOptions, third?: TakeOptions): any {
  const captured = declarationSite(OwnPartitions);
  const out = typeof second === "string" ? second : undefined;
  const taken = takeOf((typeof second === "object" ? second : third) ?? {});
  const from = { kind: "own", method: upstream, ...(out === undefined ? {} : { out }) } as const;
  return (target: object, key: string | symbol | undefined, index: number): void => {
    const at = methodTarget("@OwnPartitions", target, key ?? "constructor", captured);
    declare(target, { kind: "parameter", ...at, index, from, optional: false, partitions: true, ...taken });
  };
}
