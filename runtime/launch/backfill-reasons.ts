import type { AssetKey } from "../../src/model/asset-spec.js";
import type { BackfillGraph } from "../../src/planning/backfill/backfill-graph.js";
import { rootsOf, type AssetPartitions } from "../../src/planning/backfill/backfill-target.js";
import type { StaleCause } from "../../src/planning/staleness/staleness.js";
import type { StalenessIndex } from "../../src/planning/staleness/staleness-index.js";
import type { Reprocess } from "./backfill-options.js";

/** Why a backfill makes an asset's partitions. */
export type BackfillReason =
  | { readonly kind: "asked" | "missing" | "failed" }
  /** They need partitions that were asked for; `upstream`: which of the backfill's assets directly. */
  | { readonly kind: "follows"; readonly upstream: readonly AssetKey[] }
  /** How many are stale and how many missing; the first cause of the first that is stale. */
  | { readonly kind: "stale"; readonly stale: number; readonly missing: number; readonly cause?: StaleCause };

/** What the reasons follow from. */
export interface ReasonGround {
  /** Of all assets. */
  readonly whole: BackfillGraph;
  readonly target: AssetPartitions;
  readonly reprocess: Reprocess;
  /** Whether partitions of the first assets were named. */
  readonly isNamed: boolean;
  /** Present when what is stale is made. */
  readonly index: StalenessIndex | undefined;
}

/** The reason of each targeted asset. */
export function backfillReasons({ whole, target, reprocess, isNamed, index }: ReasonGround): ReadonlyMap<AssetKey, BackfillReason> {
  if (index) return new Map([...target.keys()].map((key) => [key, staleReason(index, target, key)]));
  if (reprocess === "missing" || reprocess === "failed") return new Map([...target.keys()].map((key) => [key, { kind: reprocess }]));
  const divided = new Set([...target.keys()].filter((key) => whole.space(key) !== null));
  const first = new Set(isNamed ? rootsOf(whole, divided) : divided);
  return new Map(
    [...target.keys()].map((key): [AssetKey, BackfillReason] => {
      if (first.has(key) || !divided.has(key)) return [key, { kind: "asked" }];
      const upstream = whole.upstream(key).flatMap(({ up }) => (up !== key && divided.has(up) ? [up] : []));
      return [key, { kind: "follows", upstream: [...new Set(upstream)] }];
    }),
  );
}

function staleReason(index: StalenessIndex, target: AssetPartitions, key: AssetKey): BackfillReason {
  const among = target.get(key);
  const stale = among?.intersection(index.partitionsThatAre("stale", key));
  const missing = among?.intersection(index.partitionsThatAre("missing", key));
  const first = stale?.nextFrom(0);
  const cause = first === undefined ? undefined : index.firstCause(key, index.spaceOf(key) ? first : undefined);
  return { kind: "stale", stale: stale?.size ?? 0, missing: missing?.size ?? 0, ...(cause ? { cause } : {}) };
}
