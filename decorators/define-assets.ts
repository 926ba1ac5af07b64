import type { Duration } from "../src/base/duration.js";
import type { AssetRef } from "../src/model/asset-ref.js";
import type { Token } from "../src/config/provided.js";
import type { AssetContext } from "../src/model/contexts.js";
import type { AssetSet } from "./declarations/declaration.js";
import { OptionError } from "./declarations/option-error.js";
import {
  type DeclaredCheck,
  type RawAssetOptions,
  type RetryOptions,
  parseAssetFields,
  parseChecks,
  parseUnitFields,
} from "./declarations/parse-options.js";
import type { DivisionOptions, RefreshOptions } from "./declarations/parse-partition-options.js";
import { declarationSite } from "../src/base/declaration-site.js";
import type { IOOption } from "./asset.js";

/** One asset of `defineAssets`, under its full key, which is also the name of its out. */
export interface AssetSetSpec extends Omit<RawAssetOptions, "keyPrefix" | "io" | "key">, DivisionOptions, RefreshOptions {
  /** The full key, e.g. `raw/orders`; no prefix is put before it. */
  readonly key: string;
  /** Keeps the value. @defaultValue that of `Definitions` */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a manager of anything
  readonly io?: IOOption<any>;
  /** @defaultValue false */
  readonly skippable?: boolean;
  /** Checks of this asset that the function reports. */
  readonly checks?: readonly DeclaredCheck[];
}

/** What the function of `defineAssets` is told; it also hands out the resources that are listed. */
export interface AssetSetContext extends AssetContext {
  /** The resource under this token. List the token in `resources`. */
  resource<T>(token: Token<T>): T;
}

/** Assets of one function. */
export interface DefineAssetsOptions {
  /** Name of the computation. @defaultValue the first key, and how many follow */
  readonly name?: string;
  /** At least one. */
  readonly specs: readonly AssetSetSpec[];
  /** Checks that the function reports, each with its asset. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any asset may be checked
  readonly checks?: readonly (DeclaredCheck & { readonly asset: AssetRef<any> | string })[];
  /** The function can give a part of its assets: it asks `context.selectedOuts`. @defaultValue false */
  readonly canSubset?: boolean;
  /** What `context.resource(token)` hands out; set up before the function runs. @defaultValue none */
  readonly resources?: readonly Token[];
  /** @defaultValue none: one attempt */
  readonly retry?: RetryOptions;
  /** Limit of one attempt. @defaultValue none */
  readonly timeout?: Duration;
  /** Gives results: yields `output(key, value)` or results for the keys in `context.selectedOuts`. */
  readonly run: (context: AssetSetContext) => unknown;
}

/** The lower door of integrations: plain specs and one function that yields results; list it in `Definitions.assets`. */
export function defineAssets(options: DefineAssetsOptions): AssetSet {
  const captured = declarationSite(defineAssets);
  const site = captured.of(`defineAssets "${options.name ?? options.specs[0]?.key ?? ""}"`);
  if (options.specs.length === 0) throw new OptionError("specs is empty.", site, "List at least one asset.");
  return {
    kind: "asset-set",
    ...(options.name === undefined ? {} : { name: options.name }),
    specs: options.specs.map((spec) => ({
      ...parseAssetFields(spec, site),
      key: spec.key,
      skippable: spec.skippable ?? false,
      checks: parseChecks(spec.checks, site),
    })),
    checks: (options.checks ?? []).flatMap((check) => parseChecks([check], site).map((fields) => ({ ...fields, asset: check.asset }))),
    canSubset: options.canSubset ?? false,
    resources: options.resources ?? [],
    unit: parseUnitFields(options, site),
    run: options.run as (context: never) => unknown,
    site,
  };
}
