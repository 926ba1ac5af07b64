import { DefinitionError } from "../src/base/errors.js";
import type { ConfigurableResource } from "../src/config/configurable-resource.js";
import type { IOManager } from "../src/config/io-manager.js";
import { tokenName, type Provided } from "../src/config/provided.js";
import type { Ctor } from "../src/model/asset-ref.js";
import type { IOOption } from "./asset.js";
import {
  type AssetJob,
  type AssetSet,
  DEFINITIONS,
  type DefinitionsShape,
  type ExternalAsset,
  type MountedPipeline,
} from "./declarations/declaration.js";
import { asProvided } from "./declarations/parse-options.js";

/** All that a code base defines. */
export interface DefinitionsOptions {
  /** Classes with annotated methods, and what `mount` gave. */
  readonly pipelines?: readonly (Ctor | MountedPipeline)[];
  /** What `defineAssets` and `externalAsset` gave. */
  readonly assets?: readonly (ExternalAsset | AssetSet)[];
  /** What `defineAssetJob` gave. */
  readonly jobs?: readonly AssetJob[];
  /** `Resource.with({...})`, `provide(token, object)`, or a class whose fields all have defaults. */
  readonly resources?: readonly (Provided | (new (...args: never[]) => ConfigurableResource))[];
  /** The IO manager of the assets that name none. @defaultValue files below the instance's storage folder */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a manager of anything
  readonly io?: IOOption<any>;
}

/** What a definitions module exports by default, itself or from a function. Making it starts nothing and checks nothing: the scan does. */
export class Definitions implements DefinitionsShape {
  readonly [DEFINITIONS] = true;
  readonly pipelines: readonly (Ctor | MountedPipeline)[];
  readonly assets: readonly (ExternalAsset | AssetSet)[];
  readonly jobs: readonly AssetJob[];
  readonly resources: readonly Provided[];
  declare readonly io?: Provided<IOManager>;

  constructor(options: DefinitionsOptions = {}) {
    this.pipelines = options.pipelines ?? [];
    this.assets = options.assets ?? [];
    this.jobs = options.jobs ?? [];
    this.resources = (options.resources ?? []).map((given) => asProvided(given) as Provided);
    const io = asProvided(options.io);
    if (io !== undefined) this.io = io;
  }

  /** All of them together. @throws {@link DefinitionError} when two bring a different default IO manager */
  static merge(...parts: readonly Definitions[]): Definitions {
    const ios = [...new Set(parts.flatMap((part) => (part.io ? [part.io] : [])))];
    if (ios.length > 1) {
      throw new DefinitionError(
        "DEFINITION.TWO_DEFAULT_IO",
        `Two of the merged definitions set a default IO manager: ${ios.map((io) => tokenName(io.token)).join(" and ")}.`,
        {
          fix: "Set io in one of them, and name the other in @Pipeline({ io }) or @Asset({ io }).",
        },
      );
    }
    return new Definitions({
      pipelines: parts.flatMap((part) => part.pipelines),
      assets: parts.flatMap((part) => part.assets),
      jobs: parts.flatMap((part) => part.jobs),
      resources: parts.flatMap((part) => part.resources),
      ...(ios[0] ? { io: ios[0] } : {}),
    });
  }
}
