import type { AssetRef, ConfigOfRef, Ctor } from "../model/asset-ref.js";
import type { ConfigurableResource } from "./configurable-resource.js";

const CONFIG = Symbol.for("millrace/config");
declare const config: unique symbol;

/** Run configuration of an asset: a class with validation rules, taken as a parameter by its type. */
export abstract class Config {
  /** Recognised across copies of the package. */
  static readonly [CONFIG] = true;
  declare private readonly [config]: never;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any method is no field
type Method = (...args: any[]) => any;
type Leaf = string | number | bigint | boolean | symbol | null | undefined | Date | Uint8Array;
type ValueFor<F> = F extends Leaf ? F : F extends readonly (infer E)[] ? readonly ValueFor<E>[] : F extends object ? ValuesFor<F> : F;

/** Values for fields of a configuration: those with defaults may be missing; nested objects are plain. */
export type ValuesFor<T> = {
  [K in keyof T as T[K] extends Method | ConfigurableResource ? never : K]?: ValueFor<T[K]>;
};

/** What {@link configFor} takes for a target: the fields of the resource, or of the `Config` that the asset's method takes. */
export type ConfigFields<R> =
  R extends Ctor<infer T>
    ? ValuesFor<T>
    : [ConfigOfRef<R>] extends [never]
      ? { readonly "this asset takes no Config": never }
      : unknown extends ConfigOfRef<R>
        ? Readonly<Record<string, unknown>>
        : ValuesFor<ConfigOfRef<R>>;

/** Values for one asset's or one resource's configuration; made by {@link configFor}. */
export interface ConfigEntry {
  readonly kind: "config-entry";
  readonly target: AssetRef | Ctor;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Run configuration for the asset behind a ref, or for a resource class; checked by the compiler here, and by the rules when a run is launched.
 * A ref to a key (`ref("sales/orders")`) tells nothing of its fields: they are checked at launch only.
 */
export function configFor<R extends Pick<AssetRef, "kind" | "target"> | Ctor<ConfigurableResource>>(
  target: R,
  fields: ConfigFields<R>,
): ConfigEntry {
  return { kind: "config-entry", target: target as AssetRef | Ctor, fields: fields as Readonly<Record<string, unknown>> };
}
