import type { PartitionMapping } from "./partition-mapping.js";

/**
 * Whether a mapping of an asset on itself leads each partition away from itself, and never back: to earlier windows, or to later ones.
 * Of an author's own mapping nothing is known here: it counts as one that does.
 */
export function leadsAway(mapping: PartitionMapping): boolean {
  switch (mapping.kind) {
    case "time-window":
      return (mapping.endOffset ?? 0) < 0 || (mapping.startOffset ?? 0) > 0;
    case "static":
      return !hasCircle(mapping.map);
    case "multi":
      return Object.entries(mapping.dimensions).some(([name, { dimension, mapping: inner }]) => name === dimension && leadsAway(inner));
    case "custom":
      return true;
    default:
      return false;
  }
}

/** Whether the way from some key to the keys that need it comes back to that key. */
function hasCircle(map: Readonly<Record<string, string | readonly string[]>>): boolean {
  const state = new Map<string, "open" | "done">();
  const leadsBack = (key: string): boolean => {
    const known = state.get(key);
    if (known !== undefined) return known === "open";
    state.set(key, "open");
    const next = map[key] ?? [];
    const back = (typeof next === "string" ? [next] : next).some(leadsBack);
    state.set(key, "done");
    return back;
  };
  return Object.keys(map).some(leadsBack);
}
