import type { Duration } from "../src/base/duration.js";
import type { IOManager } from "../src/config/io-manager.js";
import type { Provided } from "../src/config/provided.js";
import type { DivisionOptions, RefreshOptions } from "./declarations/parse-partition-options.js";
import { methodTarget } from "./declarations/method-target.js";
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
import type { Method, NeedsPartitions, OutputOf } from "./value-of.js";

/** An IO manager as an option: its class, or the class with values. */
export type IOOption<S> = (abstract new (...args: never[]) => IOManager<S>) | Provided<IOManager<S>>;

/** What describes an asset. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- without io, any value may be stored
export interface AssetOptions<S = any> extends Omit<RawAssetOptions, "io">, RefreshOptions {
  /** Keeps the value. @defaultValue that of the class, then that of `Definitions` */
  readonly io?: IOOption<S>;
  /** @defaultValue none: one attempt */
  readonly retry?: RetryOptions;
  /** Limit of one attempt. @defaultValue none */
  readonly timeout?: Duration;
  /** Checks that the method itself reports. */
  readonly checks?: readonly DeclaredCheck[];
}

type StoreFits<S, F extends Method> = [OutputOf<{ f: F }, "f">] extends [S]
  ? unknown
  : { "asset gives": OutputOf<{ f: F }, "f">; "io manager stores": S };

/** Declares the asset that this method materializes; its key is the method's name in snake_case. The method is left as it is. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see AssetOptions
export function Asset<S = any>(
  options: AssetOptions<S> & { readonly partitions: PartitionsDefinition },
): <F extends Method>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<F> & StoreFits<S, F>) => void;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see AssetOptions
export function Asset<S = any>(
  options?: AssetOptions<S> & { readonly partitions?: undefined },
): <F extends Method>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<F> & StoreFits<S, F> & NeedsPartitions<F>,
) => void;
export function Asset(options: AssetOptions & DivisionOptions = {}): MethodDecorator {
  const captured = declarationSite(Asset);
  return (target, key) => {
    const { method, site } = methodTarget("@Asset", target, key, captured);
    declare(target, {
      kind: "asset",
      method,
      site,
      fields: parseAssetFields(options, site),
      unit: parseUnitFields(options, site),
      checks: parseChecks(options.checks, site),
      parameterTypes: parameterTypesOf(target, method),
    });
  };
}
