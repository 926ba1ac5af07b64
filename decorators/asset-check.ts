import type { Duration } from "../src/base/duration.js";
import type { AssetRef, Dep } from "../src/model/asset-ref.js";
import type { MetadataInput } from "../src/model/metadata.js";
import { methodTarget } from "./declarations/method-target.js";
import { OptionError } from "./declarations/option-error.js";
import { parameterTypesOf } from "./declarations/parameter-types.js";
import { type DeclaredCheck, type RetryOptions, parseCheckName, parseChecks, parseUnitFields } from "./declarations/parse-options.js";
import { declarationSite } from "../src/base/declaration-site.js";
import { declare } from "./declarations/slot.js";

/** What describes a check. */
export interface AssetCheckOptions {
  /** The asset that is checked: a ref, or its key. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any asset may be checked
  readonly asset: AssetRef<any> | string;
  /** @defaultValue the method's name in snake_case */
  readonly name?: string;
  /** A failure of severity ERROR keeps the asset's downstream from starting in the same run. @defaultValue false */
  readonly blocking?: boolean;
  /** Markdown, shown with the check. */
  readonly description?: string;
  /** What describes the check itself; what a result says of the data goes into the result. */
  readonly metadata?: Readonly<Record<string, MetadataInput>>;
  /** Several checks by this one method, which returns a result with `check` for each; instead of `name`. */
  readonly checks?: readonly DeclaredCheck[];
  /** Assets beside the checked one that have to be there first; their values are not loaded. */
  readonly deps?: readonly Dep[];
  /** @defaultValue none: one attempt */
  readonly retry?: RetryOptions;
  /** Limit of one attempt. @defaultValue none */
  readonly timeout?: Duration;
}

/** Declares the check (or checks) of an asset that this method evaluates. */
export function AssetCheck(options: AssetCheckOptions): MethodDecorator {
  const captured = declarationSite(AssetCheck);
  return (target, key) => {
    const { method, site } = methodTarget("@AssetCheck", target, key, captured);
    const { name, blocking, description, metadata } = options;
    if (
      options.checks !== undefined &&
      (name !== undefined || blocking !== undefined || description !== undefined || metadata !== undefined)
    ) {
      throw new OptionError(
        "checks stands beside name, blocking, description or metadata.",
        site,
        "Move these into the entries of checks.",
      );
    }
    if (options.checks?.length === 0)
      throw new OptionError("checks is empty.", site, "Name at least one, or leave it out for one check under the method's name.");
    if (name !== undefined) parseCheckName(name, site);
    const single = {
      ...(name === undefined ? {} : { name }),
      blocking: blocking ?? false,
      ...(description === undefined ? {} : { description }),
      ...(metadata === undefined ? {} : { metadata }),
    };
    declare(target, {
      kind: "check",
      method,
      site,
      asset: options.asset,
      checks: options.checks ? parseChecks(options.checks, site) : [single],
      deps: options.deps ?? [],
      unit: parseUnitFields(options, site),
      parameterTypes: parameterTypesOf(target, method),
    });
  };
}
