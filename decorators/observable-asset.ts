import type { ObserveResult } from "../src/model/results.js";
import type { AssetOptions } from "./asset.js";
import { methodTarget } from "./declarations/method-target.js";
import { parameterTypesOf } from "./declarations/parameter-types.js";
import { parseAssetFields, parseUnitFields } from "./declarations/parse-options.js";
import { declarationSite } from "../src/base/declaration-site.js";
import { declare } from "./declarations/slot.js";
import type { PartitionsDefinition } from "../src/model/partitions/partitions-definition.js";

/** What describes an asset that is made elsewhere and looked at here. */
export interface ObservableAssetOptions extends Omit<AssetOptions, "io" | "checks"> {
  readonly partitions?: PartitionsDefinition;
}

type Observes = string | ObserveResult;

/** Declares an asset that this method observes: it returns a data version, or an `ObserveResult`; nothing is materialized. */
export function ObservableAsset(
  options: ObservableAssetOptions = {},
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of any kind
): <F extends (...args: any[]) => Observes | Promise<Observes>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<F>,
) => void {
  const captured = declarationSite(ObservableAsset);
  return (target, key) => {
    const { method, site } = methodTarget("@ObservableAsset", target, key, captured);
    declare(target, {
      kind: "observable",
      method,
      site,
      fields: parseAssetFields(options, site),
      unit: parseUnitFields(options, site),
      partitions: options.partitions ?? null,
      parameterTypes: parameterTypesOf(target, method),
    });
  };
}
