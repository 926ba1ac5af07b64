import type { AssetKey } from "../model/asset-spec.js";
import type { RunStatus } from "../model/run.js";

/** `GET /health`: the process answers. */
export interface HealthAnswer {
  readonly status: "ok";
}

/** `GET /ready`: 200 when the store answers, 503 with the reason otherwise. */
export type ReadyAnswer = { readonly status: "ready" } | { readonly status: "not ready"; readonly reason: string };

/** The body of every answer that is no success. */
export interface ErrorAnswer {
  readonly error: {
    /** Stable across versions. */
    readonly code: string;
    readonly message: string;
    /** The edit to make, as an instruction. */
    readonly fix?: string;
  };
}

/** `GET /status?limit=&after=` */
export interface StatusAnswer {
  readonly version: string;
  /** Version of Node.js. */
  readonly node: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly store: { readonly path: string; readonly schemaVersion: number; readonly fsync: "FULL" | "NORMAL" };
  /** A state that no run is in is absent. */
  readonly runs: Readonly<Partial<Record<RunStatus, number>>>;
  readonly assets: AssetPage;
}

/** Assets of the catalog in order of key. */
export interface AssetPage {
  /** Of the whole catalog. */
  readonly total: number;
  readonly items: readonly AssetStatus[];
  /** Give it as `after` to get the next page; absent: this was the last. */
  readonly next?: AssetKey;
}

/** What became of an asset; what never happened is absent. */
export interface AssetStatus {
  readonly key: AssetKey;
  readonly group: string;
  readonly description?: string;
  readonly kinds: readonly string[];
  /** `external`: known to the graph, but not made here. */
  readonly made: "materialized" | "observed" | "external";
  readonly lastMaterialization?: AssetMoment;
  readonly lastObservation?: AssetMoment;
  readonly lastFailure?: { readonly atMs: number; readonly runId: string; readonly message?: string };
  /** The last run that planned it. */
  readonly lastRun?: { readonly id: string; readonly status: RunStatus };
  /** In order of name. */
  readonly checks: readonly CheckStatus[];
}

/** A materialization or an observation. */
export interface AssetMoment {
  readonly atMs: number;
  readonly runId: string;
  readonly dataVersion?: string;
}

/** The latest result of one check. */
export interface CheckStatus {
  readonly name: string;
  readonly blocking: boolean;
  /** Absent: never evaluated. */
  readonly last?: { readonly atMs: number; readonly runId: string; readonly passed: boolean; readonly severity: "ERROR" | "WARN" };
}
