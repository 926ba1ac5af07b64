import { backoff } from "./backoff.js";
import { selectionRoundtrip } from "./selection-roundtrip.js";
import { selection } from "./selection.js";
import type { Suite } from "./suite.js";
import { topo } from "./topo.js";

/** Every suite that the runner knows. */
export const suites: readonly Suite[] = [selection, selectionRoundtrip, topo, backoff];
