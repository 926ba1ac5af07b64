import type { ExternalAsset } from "./declarations/declaration.js";
import { type RawAssetOptions, parseAssetFields } from "./declarations/parse-options.js";
import type { DivisionOptions } from "./declarations/parse-partition-options.js";
import { declarationSite } from "../src/base/declaration-site.js";

/** What describes an asset that is made elsewhere. */
export type ExternalAssetOptions = Omit<RawAssetOptions, "keyPrefix" | "io" | "key"> & DivisionOptions & { readonly key: string };

/** An asset that is known to the graph and made elsewhere; list it in `Definitions.assets`. */
export function externalAsset(options: ExternalAssetOptions): ExternalAsset {
  const site = declarationSite(externalAsset).of(`externalAsset "${options.key}"`);
  return { kind: "external-asset", key: options.key, fields: parseAssetFields(options, site), site };
}
