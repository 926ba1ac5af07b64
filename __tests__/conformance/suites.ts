import { backoff } from "./backoff.js";
import { backfill } from "./backfill.js";
import { cronInvalid, cronTicksSuite } from "./cron.js";
import { jobResolution } from "./job-resolution.js";
import { mappings } from "./mappings.js";
import { multiKeys } from "./multi-keys.js";
import { partitionSets } from "./partition-sets.js";
import { selectionRoundtrip } from "./selection-roundtrip.js";
import { selection } from "./selection.js";
import type { Suite } from "./suite.js";
import { timeWindows } from "./time-windows.js";
import { topo } from "./topo.js";

/** Every suite that the runner knows. */
export const suites: readonly Suite[] = [
  selection,
  selectionRoundtrip,
  topo,
  backoff,
  cronTicksSuite,
  cronInvalid,
  timeWindows,
  partitionSets,
  multiKeys,
  ...mappings,
  jobResolution,
  backfill,
];
