import { DefinitionError } from "../base/errors.js";
import type { AssetKey } from "../model/asset-spec.js";

/** Assets need each other in a circle, so that none of them could be the first. */
export class AssetCycleError extends DefinitionError {
  /** @param cycle - upstream before downstream; the first key stands at the end again */
  constructor(readonly cycle: readonly AssetKey[]) {
    super("DEFINITION.ASSET_CYCLE", `The assets need each other in a circle: ${cycle.join(" → ")}.`, {
      fix: "Take one of these dependencies away, or read the earlier value by a partition mapping instead.",
    });
  }
}
