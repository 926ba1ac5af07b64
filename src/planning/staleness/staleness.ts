import type { AssetKey, AssetSpec } from "../../model/asset-spec.js";
import type { EventPayload } from "../../model/event.js";
import type { PartitionsDefinition } from "../../model/partitions/partitions-definition.js";

/** What the judgement needs to know of an asset; an `AssetSpec` has it all. */
export interface StalenessAsset extends Pick<AssetSpec, "key" | "unit" | "deps" | "codeVersion"> {
  /** Absent or `null`: not divided. */
  readonly partitions?: PartitionsDefinition | null;
}

/** The versions that a materialization (or observation) recorded; the payload of its event has them all. */
export type RecordedVersions = Pick<EventPayload, "dataVersion" | "codeVersion" | "sourceVersion" | "inputs">;

/**
 * Missing: made here, and nothing is recorded. Stale: something it was made by or from is another now, or is not fresh itself.
 * A divided asset is stale when one of its partitions is, else missing when one is.
 */
export type StalenessStatus = "fresh" | "stale" | "missing";

/** An asset, or one of its partitions. */
interface Subject {
  readonly key: AssetKey;
  readonly partition?: string;
}

/** An upstream, or one of its partitions. */
interface Upstream extends Subject {
  readonly upstream: AssetKey;
  readonly upstreamPartition?: string;
}

/** Why an asset is stale. */
export type StaleCause =
  /** Its code version is another than the one that made it. */
  | (Subject & { readonly kind: "code-changed"; readonly recorded?: string; readonly current: string })
  /** An upstream has another data version than the one that was read; absent: it had none. */
  | (Upstream & { readonly kind: "data-changed"; readonly recorded?: string; readonly current: string })
  /** It needs an upstream that it was made without. */
  | (Upstream & { readonly kind: "upstream-added" })
  /** It was made from an upstream that it needs no longer. */
  | (Upstream & { readonly kind: "upstream-removed" })
  /** It needs other partitions of an upstream than it was made from: so many more, so many less. */
  | (Upstream & { readonly kind: "partitions-changed"; readonly added: number; readonly removed: number })
  /** An upstream is stale itself; its own first cause is the next link of the chain. */
  | (Upstream & { readonly kind: "upstream-stale" })
  /** An upstream that is made here is not there. */
  | (Upstream & { readonly kind: "upstream-missing" });

/** An asset (or one of its partitions), how it is, and why. */
export interface Staleness extends Subject {
  readonly status: StalenessStatus;
  /** From the asset down to the root; empty when it is not stale. */
  readonly chain: readonly StaleCause[];
}
