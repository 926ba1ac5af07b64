import { declarationSite } from "../src/base/declaration-site.js";
import type { AssetRef, Ctor } from "../src/model/asset-ref.js";
import type { MappingOption } from "../src/model/partition-mapping/define-mappings.js";
import { methodTarget } from "./declarations/method-target.js";
import { declare } from "./declarations/slot.js";
import { ref } from "./ref.js";
import type { InputPartitionsDecorator, MethodName, OutName, OutOf, OutputOf } from "./value-of.js";

/** Which partitions of an upstream are taken. */
export interface InputPartitionsOptions {
  /** E.g. `allPartitions()` or `timeWindowMapping({ startOffset: -6 })`. @defaultValue the rule of the two definitions */
  readonly mapping?: MappingOption;
}

/** The values of several partitions of an upstream, as `Partitions`, also where there is one: of a ref, or of a method of another class. */
export function InputPartitions<V>(asset: AssetRef<V>, options?: InputPartitionsOptions): InputPartitionsDecorator<V>;
export function InputPartitions<C, M extends MethodName<C>, O extends OutName<C, M>>(
  pipeline: Ctor<C>,
  method: M,
  out: O,
): InputPartitionsDecorator<OutOf<C, M, O>>;
export function InputPartitions<C, M extends MethodName<C>>(pipeline: Ctor<C>, method: M): InputPartitionsDecorator<OutputOf<C, M>>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the overloads above are the types
export function InputPartitions(first: any, second?: InputPartitionsOptions | string, out?: string): any {
  const captured = declarationSite(InputPartitions);
  const asset = typeof first === "function" ? (ref as (...args: unknown[]) => AssetRef)(first, second, out) : (first as AssetRef);
  const mapping = typeof second === "object" ? second.mapping : undefined;
  return (target: object, key: string | symbol | undefined, index: number): void => {
    const at = methodTarget("@InputPartitions", target, key ?? "constructor", captured);
    const from = { kind: "ref", ref: asset } as const;
    declare(target, {
      kind: "parameter",
      ...at,
      index,
      from,
      optional: false,
      stream: false,
      partitions: true,
      ...(mapping ? { mapping } : {}),
    });
  };
}
