import { declarationSite } from "../src/base/declaration-site.js";
import { methodTarget } from "./declarations/method-target.js";
import { declare } from "./declarations/slot.js";
import type { InputPartitionsOptions } from "./input-partitions.js";
import type { OwnPartitionsDecorator } from "./value-of.js";

/** The values of several partitions of an asset of this same class, as `Partitions`. */
export function OwnPartitions<M extends string>(method: M, options?: InputPartitionsOptions): OwnPartitionsDecorator<M, undefined>;
export function OwnPartitions<M extends string, O extends string>(
  method: M,
  out: O,
  options?: InputPartitionsOptions,
): OwnPartitionsDecorator<M, O>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the overloads above are the types
export function OwnPartitions(upstream: string, second?: string | InputPartitionsOptions, third?: InputPartitionsOptions): any {
  const captured = declarationSite(OwnPartitions);
  const out = typeof second === "string" ? second : undefined;
  const { mapping } = (typeof second === "object" ? second : third) ?? {};
  const from = { kind: "own", method: upstream, ...(out === undefined ? {} : { out }) } as const;
  return (target: object, key: string | symbol | undefined, index: number): void => {
    const at = methodTarget("@OwnPartitions", target, key ?? "constructor", captured);
    const taken = { optional: false, stream: false, partitions: true, ...(mapping ? { mapping } : {}) };
    declare(target, { kind: "parameter", ...at, index, from, ...taken });
  };
}
