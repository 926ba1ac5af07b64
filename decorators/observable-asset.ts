import type { ObserveResult } from "../src/model/results.js";
import type { AssetOptions } from "./asset.js";
import { methodTarget } from "./declarations/method-target.js";
import { parameterTypesOf } from "./declarations/parameter-types.js";
import { parseAssetFields, parseUnitFields } from "./declarations/parse-options.js";
import { declarationSite } from "../src/base/declaration-site.js";
import type { PartitionsDefinition } from "../src/model/partitions/partitions-definition.js";
import type { DivisionOptions, RefreshOptions } from "./declarations/parse-partition-options.js";
import { declare } from "./declarations/slot.js";
import type { NeedsPartitions } from "./value-of.js";

/** What describes an asset that is made elsewhere and looked at here. */
export type ObservableAssetOptions = Omit<AssetOptions, "io" | "checks" | keyof RefreshOptions>;

type Observes = string | ObserveResult;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of any kind
type Observing = (...args: any[]) => Observes | Promise<Observes>;

/** Declares an asset that this method observes: it returns a data version, or an `ObserveResult`; nothing is materialized. */
export function ObservableAsset(
  options: ObservableAssetOptions & { readonly partitions: PartitionsDefinition },
): <F extends Observing>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<F>) => void;
export function ObservableAsset(
  options?: ObservableAssetOptions & { readonly partitions?: undefined },
): <F extends Observing>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<F> & NeedsPartitions<F>) => void;
export function ObservableAsset(options: ObservableAssetOptions & DivisionOptions = {}): MethodDecorator {
  const captured = declarationSite(ObservableAsset);
  return (target, key) => {
    const { method, site } = methodTarget("@ObservableAsset", target, key, captured);
    declare(target, {
      kind: "observable",
      method,
      site,
      fields: parseAssetFields(options, site),
      unit: parseUnitFields(options, site),
      parameterTypes: parameterTypesOf(target, method),
    });
  };
}
