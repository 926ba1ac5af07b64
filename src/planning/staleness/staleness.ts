import type { AssetKey, AssetSpec } from "../../model/asset-spec.js";
import type { EventPayload } from "../../model/event.js";

/** What the judgement needs to know of an asset; an `AssetSpec` has it all. */
export type StalenessAsset = Pick<AssetSpec, "key" | "unit" | "deps" | "codeVersion">;

/** The versions that a materialization (or observation) recorded; the payload of its event has them all. */
export type RecordedVersions = Pick<EventPayload, "dataVersion" | "codeVersion" | "sourceVersion" | "inputs">;

/** Missing: made here, and nothing is recorded. Stale: something it was made by or from is another now, or is not fresh itself. */
export type StalenessStatus = "fresh" | "stale" | "missing";

/** Why an asset is stale. */
export type StaleCause =
  /** Its code version is another than the one that made it. */
  | { readonly kind: "code-changed"; readonly key: AssetKey; readonly recorded?: string; readonly current: string }
  /** An upstream has another data version than the one that was read; absent: it had none. */
  | {
      readonly kind: "data-changed";
      readonly key: AssetKey;
      readonly upstream: AssetKey;
      readonly recorded?: string;
      readonly current: string;
    }
  /** It needs an upstream that it was made without. */
  | { readonly kind: "upstream-added"; readonly key: AssetKey; readonly upstream: AssetKey }
  /** It was made from an upstream that it needs no longer. */
  | { readonly kind: "upstream-removed"; readonly key: AssetKey; readonly upstream: AssetKey }
  /** An upstream is stale itself; its own first cause is the next link of the chain. */
  | { readonly kind: "upstream-stale"; readonly key: AssetKey; readonly upstream: AssetKey }
  /** An upstream that is made here is not there. */
  | { readonly kind: "upstream-missing"; readonly key: AssetKey; readonly upstream: AssetKey };

/** An asset, how it is, and why. */
export interface Staleness {
  readonly key: AssetKey;
  readonly status: StalenessStatus;
  /** From the asset down to the root; empty when it is not stale. */
  readonly chain: readonly StaleCause[];
}
