import type { AssetRef, Ctor } from "../src/model/asset-ref.js";
import type { MappingOption } from "../src/model/partition-mapping/define-mappings.js";
import { declare } from "./declarations/slot.js";
import { declarationSite } from "../src/base/declaration-site.js";
import { methodTarget } from "./declarations/method-target.js";
import { ref } from "./ref.js";
import type { InputDecorator, MethodName, OutName, OutOf, OutputOf, Streams, Taken } from "./value-of.js";

/** How an upstream's value is taken. */
export interface InputOptions {
  /** Give `undefined` when nothing is stored. @defaultValue false */
  readonly optional?: boolean;
  /** Give rows as an async iterable, one at a time. @defaultValue false */
  readonly stream?: boolean;
  /** Which partition of the upstream, e.g. `offset(-1)` or `lastPartition()`; of one. @defaultValue the rule of the two definitions */
  readonly mapping?: MappingOption;
}

/** The upstream's value: of a ref, or of a method of another class. Of a divided upstream: of one partition. */
export function Input<V, const Opt extends InputOptions = InputOptions>(
  asset: AssetRef<V>,
  options?: Opt,
): InputDecorator<Taken<V, Opt>, Streams<Opt>>;
export function Input<C, M extends MethodName<C>, O extends OutName<C, M>>(
  pipeline: Ctor<C>,
  method: M,
  out: O,
): InputDecorator<OutOf<C, M, O>>;
export function Input<C, M extends MethodName<C>>(pipeline: Ctor<C>, method: M): InputDecorator<OutputOf<C, M>>; // last: its message is the one shown
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the overloads above are the types
export function Input(first: any, second?: InputOptions | string, out?: string): any {
  const captured = declarationSite(Input);
  const asset = typeof first === "function" ? (ref as (...args: unknown[]) => AssetRef)(first, second, out) : (first as AssetRef);
  const { optional = false, stream = false, mapping } = typeof second === "object" ? second : {};
  return (target: object, key: string | symbol | undefined, index: number): void => {
    const at = methodTarget("@Input", target, key ?? "constructor", captured);
    const from = { kind: "ref", ref: asset } as const;
    declare(target, { kind: "parameter", ...at, index, from, optional, stream, partitions: false, ...(mapping ? { mapping } : {}) });
  };
}
