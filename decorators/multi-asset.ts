import type { Duration } from "../src/base/duration.js";
import type { IOManager } from "../src/config/io-manager.js";
import type { Provided } from "../src/config/provided.js";
import type { Output } from "../src/model/results.js";
import type { OutFields } from "./declarations/declaration.js";
import type { DivisionOptions, RefreshOptions } from "./declarations/parse-partition-options.js";
import { methodTarget } from "./declarations/method-target.js";
import { OptionError } from "./declarations/option-error.js";
import { parameterTypesOf } from "./declarations/parameter-types.js";
import {
  type DeclaredCheck,
  type RawAssetOptions,
  type RetryOptions,
  parseAssetFields,
  parseChecks,
  parseUnitFields,
} from "./declarations/parse-options.js";
import { declarationSite } from "../src/base/declaration-site.js";
import { declare } from "./declarations/slot.js";
import type { PartitionsDefinition } from "../src/model/partitions/partitions-definition.js";
import type { IsAny, Method, NeedsPartitions } from "./value-of.js";

/** What describes one out; what is missing comes from the multi-asset's own options. */
export interface OutOptions extends Omit<RawAssetOptions, "io" | "keyPrefix"> {
  /** Keeps this out's value. @defaultValue that of the multi-asset, then of the class, then of `Definitions` */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a manager of anything
  readonly io?: (abstract new (...args: never[]) => IOManager<any>) | Provided<IOManager<any>>;
  /** The method may end without giving it; then its downstream is skipped. @defaultValue false */
  readonly skippable?: boolean;
  /** Checks of this out that the method itself reports. */
  readonly checks?: readonly DeclaredCheck[];
}

/** What describes a multi-asset; the fields of an asset hold for all its outs. */
export interface MultiAssetOptions<O, Sub extends boolean> extends Omit<RawAssetOptions, "io" | "key" | "description">, RefreshOptions {
  /** The outs by their names; the key of each is its name in snake_case. */
  readonly outs: O;
  /** The method can give a part of its outs: it asks `context.selectedOuts`. @defaultValue false */
  readonly canSubset?: Sub;
  /** Keeps the values of the outs that name none. @defaultValue that of the class, then that of `Definitions` */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a manager of anything
  readonly io?: (abstract new (...args: never[]) => IOManager<any>) | Provided<IOManager<any>>;
  /** @defaultValue none: one attempt */
  readonly retry?: RetryOptions;
  /** Limit of one attempt, for all outs together. @defaultValue none */
  readonly timeout?: Duration;
}

type Given<F extends Method> = Awaited<ReturnType<F>>;
type RequiredKeys<S> = { [K in keyof S]-?: {} extends Pick<S, K> ? never : undefined extends S[K] ? never : K }[keyof S];
type SkippableOuts<O> = { [K in keyof O]: O[K] extends { skippable: true } ? K : never }[keyof O];
type Undeclared<G, O> = Exclude<keyof G, keyof O>;
type NeverGiven<O, G> = Exclude<keyof O, keyof G>;
type MayMiss<O, G> = Exclude<Exclude<keyof O, SkippableOuts<O>>, RequiredKeys<G>>;
type OutsFit<O, G, Sub> =
  IsAny<G> extends true
    ? { "declare the return type": 0 }
    : G extends AsyncIterable<infer Y>
      ? Y extends Output<infer N>
        ? [Exclude<N, keyof O>] extends [never]
          ? unknown
          : { "the method gives undeclared outs": Exclude<N, keyof O> }
        : { "yield output(name, value)": Y }
      : [Undeclared<G, O>] extends [never]
        ? [NeverGiven<O, G>] extends [never]
          ? Sub extends true
            ? unknown
            : [MayMiss<O, G>] extends [never]
              ? unknown
              : { "outs that may be missing; mark them skippable": MayMiss<O, G> }
          : { "outs that the method never gives": NeverGiven<O, G> }
        : { "the method gives undeclared outs": Undeclared<G, O> };

/** Declares the assets that this method materializes together: it returns them by name, or yields `output(name, value)`. */
export function MultiAsset<const O extends Record<string, OutOptions>, Sub extends boolean = false>(
  options: MultiAssetOptions<O, Sub> & { readonly partitions: PartitionsDefinition },
): <F extends Method>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<F> & OutsFit<O, Given<F>, Sub>) => void;
export function MultiAsset<const O extends Record<string, OutOptions>, Sub extends boolean = false>(
  options: MultiAssetOptions<O, Sub> & { readonly partitions?: undefined },
): <F extends Method>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<F> & OutsFit<O, Given<F>, Sub> & NeedsPartitions<F>,
) => void;
export function MultiAsset(options: MultiAssetOptions<Record<string, OutOptions>, boolean> & DivisionOptions): MethodDecorator {
  const captured = declarationSite(MultiAsset);
  return (target, key) => {
    const { method, site } = methodTarget("@MultiAsset", target, key, captured);
    const outs = new Map<string, OutFields>();
    for (const [name, out] of Object.entries(options.outs)) {
      outs.set(name, { ...parseAssetFields(out, site), skippable: out.skippable ?? false, checks: parseChecks(out.checks, site) });
    }
    if (outs.size === 0) throw new OptionError("outs is empty.", site, "Name at least one out, e.g. outs: { orders: {} }.");
    declare(target, {
      kind: "multi-asset",
      method,
      site,
      fields: parseAssetFields(options, site),
      unit: parseUnitFields(options, site),
      outs,
      canSubset: options.canSubset ?? false,
      parameterTypes: parameterTypesOf(target, method),
    });
  };
}
