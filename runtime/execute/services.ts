import type { Clock } from "../../src/base/clock.js";
import type { IOManager } from "../../src/config/io-manager.js";
import type { Token } from "../../src/config/provided.js";
import type { Ctor } from "../../src/model/asset-ref.js";
import type { AssetKey } from "../../src/model/asset-spec.js";
import type { NewEvent } from "../../src/model/event.js";
import type { Fsync } from "../../src/storage/run-store.js";
import type { Store } from "../../src/storage/store.js";
import type { ResolvedDefinitions } from "../scan/bindings.js";

/** Masks secrets in what is stored and shown. */
export interface Masker {
  text(text: string): string;
  deep<T>(value: T): T;
  /** Masks text whose chunks may cut a secret. */
  stream(): { write(chunk: string): string; flush(): string };
}

/** The resources of a run: set up already, found by their tokens. */
export interface RunResources {
  get(token: Token): unknown;
  /** A new instance of a pipeline class. */
  pipeline(type: Ctor): object;
  /** The manager that keeps this asset. */
  ioFor(key: AssetKey): IOManager;
}

/** What a run needs of the world. */
export interface RunServices {
  readonly store: Store;
  readonly resolved: ResolvedDefinitions;
  readonly clock: Clock;
  readonly storageDir: string;
  /** What the store promises at a power cut, stored values promise too. */
  readonly fsync: Fsync;
  readonly masker: Masker;
  readonly resources: RunResources;
  /** Validated run configuration of a unit. */
  configFor(unit: string, type: Ctor): unknown;
  /** Steps that may run at once, at least 1. */
  readonly concurrency: number;
  /** How long a canceled step may take to end. */
  readonly cancelGraceMs: number;
  /** A number in [0, 1), for jitter. */
  random(): number;
  /** Told of each event once it is durable. */
  onEvent?(event: NewEvent): void;
}

/** How a run ended. */
export interface RunOutcome {
  readonly runId: string;
  readonly status: "SUCCESS" | "FAILURE" | "CANCELED";
}
