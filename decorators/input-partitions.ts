import { declarationSite } from "../src/base/declaration-site.js";
import type { AssetRef, Ctor } from "../src/model/asset-ref.js";
import { methodTarget } from "./declarations/method-target.js";
import { declare } from "./declarations/slot.js";
import { ref } from "./ref.js";
import { takeOf, type TakeOptions } from "./take-options.js";
import type { InputPartitionsDecorator, MethodName, OutName, OutOf, OutputOf, RowOf } from "./value-of.js";

/** The values of several partitions of an upstream, as `Partitions`, also where there is one: of a ref, or of a method of another class. */
export function InputPartitions<V, const Opt extends TakeOptions<RowOf<V>> = TakeOptions<RowOf<V>>>(
  asset: AssetRef<V>,
  options?: Opt,
): InputPartitionsDecorator<V, Opt>;
export function InputPartitions<C, M extends MethodName<C>, O extends OutName<C, M>>(
  pipeline: Ctor<C>,
  method: M,
  out: O,
): InputPartitionsDecorator<OutOf<C, M, O>>;
export function InputPartitions<C, M extends MethodName<C>>(pipeline: Ctor<C>, method: M): InputPartitionsDecorator<OutputOf<C, M>>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the overloads above are the types
export function InputPartitions(first: any, second?: TakeOptions | string, out?: string): any {
  const captured = declarationSite(InputPartitions);
  const asset = typeof first === "function" ? (ref as (...args: unknown[]) => AssetRef)(first, second, out) : (first as AssetRef);
  const taken = takeOf(typeof second === "object" ? second : {});
  return (target: object, key: string | symbol | undefined, index: number): void => {
    const at = methodTarget("@InputPartitions", target, key ?? "constructor", captured);
    const from = { kind: "ref", ref: asset } as const;
    declare(target, {
      kind: "parameter",
      ...at,
      index,
      from,
      optional: false,
      partitions: true,
      ...taken,
    });
  };
}
