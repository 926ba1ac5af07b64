import type { AssetKey } from "../../model/asset-spec.js";
import type { RecordedVersions, StaleCause, StalenessAsset } from "./staleness.js";

/**
 * What differs between how an asset was made and how it would be made now; whether its upstream is fresh is not asked.
 * @param versionNow - data version of an upstream; `undefined`: none is known, which is no change
 * @remarks A code version counts only if the asset has one of its own: that some module of the project changed makes nothing stale. An observation
 * records no inputs, so only its code counts. An upstream that is waited for `when` it fails gives no data.
 */
export function* directCauses(
  asset: StalenessAsset,
  recorded: RecordedVersions,
  versionNow: (upstream: AssetKey) => string | undefined,
): Generator<StaleCause, void> {
  const { key, deps, codeVersion } = asset;
  if (codeVersion !== undefined && codeVersion !== recorded.codeVersion) {
    yield {
      kind: "code-changed",
      key,
      ...(recorded.codeVersion === undefined ? {} : { recorded: recorded.codeVersion }),
      current: codeVersion,
    };
  }
  const { inputs } = recorded;
  if (!inputs) return;
  for (const input of inputs) {
    if (!deps.some((dep) => dep.key === input.key)) yield { kind: "upstream-removed", key, upstream: input.key };
  }
  for (const dep of deps) {
    if (dep.when === "failure") continue;
    const input = inputs.find((each) => each.key === dep.key);
    if (!input) {
      yield { kind: "upstream-added", key, upstream: dep.key };
      continue;
    }
    const current = versionNow(dep.key);
    if (current === undefined || current === input.dataVersion) continue;
    const { dataVersion } = input;
    yield { kind: "data-changed", key, upstream: dep.key, ...(dataVersion === undefined ? {} : { recorded: dataVersion }), current };
  }
}
