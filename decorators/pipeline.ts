import type { IOOption } from "./asset.js";
import { parameterTypesOf } from "./declarations/parameter-types.js";
import { type RawAssetOptions, parseAssetFields } from "./declarations/parse-options.js";
import { declarationSite } from "../src/base/declaration-site.js";
import { declare } from "./declarations/slot.js";

/** Defaults for the assets of a class; an asset's own option wins, tags are joined. */
export interface PipelineOptions extends Pick<RawAssetOptions, "keyPrefix" | "group" | "owners" | "tags" | "kinds" | "codeVersion"> {
  /** Keeps the values of the assets that name none. @defaultValue that of `Definitions` */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a manager of anything
  readonly io?: IOOption<any>;
}

/** Makes the class a pipeline: its constructor gets resources by their types, and its assets these defaults. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- constructors of any shape
export function Pipeline(options: PipelineOptions = {}): (pipeline: abstract new (...args: any[]) => unknown) => void {
  const captured = declarationSite(Pipeline);
  return (pipeline) => {
    const site = captured.of(pipeline.name || "(anonymous class)");
    declare(pipeline, { kind: "pipeline", site, fields: parseAssetFields(options, site), parameterTypes: parameterTypesOf(pipeline) });
  };
}
