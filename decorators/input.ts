import type { AssetRef, Ctor } from "../src/model/asset-ref.js";
import { declare } from "./declarations/slot.js";
import { declarationSite } from "../src/base/declaration-site.js";
import { methodTarget } from "./declarations/method-target.js";
import { ref } from "./ref.js";
import { takeOf, type TakeOptions } from "./take-options.js";
import type { InputDecorator, MethodName, OutName, OutOf, OutputOf, RowOf, Taken } from "./value-of.js";

/** How an upstream's value is taken. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see TakeOptions
export interface InputOptions<Row = any> extends TakeOptions<Row> {
  /** Give `undefined` when nothing is stored. @defaultValue false */
  readonly optional?: boolean;
}

/** The upstream's value: of a ref, or of a method of another class. Of a divided upstream: of one partition. */
export function Input<V, const Opt extends InputOptions<RowOf<V>> = InputOptions<RowOf<V>>>(
  asset: AssetRef<V>,
  options?: Opt,
): InputDecorator<Taken<V, Opt>, Opt>;
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
  const { optional = false, ...taken } = typeof second === "object" ? second : {};
  return (target: object, key: string | symbol | undefined, index: number): void => {
    const at = methodTarget("@Input", target, key ?? "constructor", captured);
    const from = { kind: "ref", ref: asset } as const;
    declare(target, { kind: "parameter", ...at, index, from, optional, partitions: false, ...takeOf(taken) });
  };
}
