import type { AssetRef, Ctor } from "../model/asset-ref.js";
import type { ConfigurableResource } from "./configurable-resource.js";

const CONFIG = Symbol.for("millrace/config");

/** Run configuration of an asset: a class with validation rules, taken as a parameter by its type. */
export abstract class Config {
  /** Recognised across copies of the package. */
  static readonly [CONFIG] = true;
}

/** Values for one asset's or one resource's configuration; made by {@link configFor}. */
export interface ConfigEntry {
  readonly kind: "config-entry";
  readonly target: AssetRef | Ctor;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Run configuration for the asset behind a ref, or for a resource class. */
export function configFor<T extends ConfigurableResource>(
  target: (new (...args: never[]) => T) | AssetRef,
  fields: Readonly<Record<string, unknown>>,
): ConfigEntry {
  return { kind: "config-entry", target, fields };
}
