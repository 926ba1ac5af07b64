import type { BackfillStore } from "./backfill-store.js";
import type { ChangeSignal } from "./change-signal.js";
import type { PartitionStore } from "./partition-store.js";
import type { RunStore } from "./run-store.js";

/** All that is kept of a project. */
export type Store = RunStore & PartitionStore & BackfillStore & ChangeSignal;
