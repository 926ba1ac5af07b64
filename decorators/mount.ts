import { declarationSite } from "../src/base/declaration-site.js";
import type { ConfigurableResource } from "../src/config/configurable-resource.js";
import type { Provided } from "../src/config/provided.js";
import type { Ctor } from "../src/model/asset-ref.js";
import type { MountedPipeline } from "./declarations/declaration.js";
import { isAssetKey } from "./declarations/names.js";
import { OptionError } from "./declarations/option-error.js";
import { asProvided } from "./declarations/parse-options.js";

/** What a copy of a pipeline has of its own. */
export interface MountOptions {
  /** Stands before the keys of all its assets. */
  readonly keyPrefix: string | readonly string[];
  /** Resources of this copy alone, in place of those of `Definitions`; run configuration names them `<prefix>/<Name>`. */
  readonly resources?: readonly (Provided | (new (...args: never[]) => ConfigurableResource))[];
}

/**
 * A copy of a pipeline class under a prefix, with resources of its own; list it in `Definitions.pipelines`. `@Own` stays within the copy, as does a
 * reference of the class to itself. A reference from elsewhere to a class that is mounted twice is refused: name a key.
 */
export function mount(pipeline: Ctor, options: MountOptions): MountedPipeline {
  const site = declarationSite(mount).of(`mount(${pipeline.name})`);
  const keyPrefix = typeof options.keyPrefix === "string" ? options.keyPrefix : options.keyPrefix.join("/");
  if (!isAssetKey(keyPrefix))
    throw new OptionError(
      `keyPrefix ${JSON.stringify(keyPrefix)} is no asset key.`,
      site,
      'Use segments of letters, digits, _, . and -, joined by /, e.g. "eu".',
    );
  const resources = (options.resources ?? []).map((given) => asProvided(given) as Provided);
  return { kind: "mounted-pipeline", pipeline, keyPrefix, resources, site };
}
