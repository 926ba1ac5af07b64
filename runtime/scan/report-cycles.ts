import type { AssetKey, UnitSpec } from "../../src/model/asset-spec.js";
import type { CatalogDraft } from "./catalog-draft.js";
import { siteOf } from "./declared-at.js";
import { findCycles } from "./find-cycle.js";

type Parents = (key: AssetKey) => readonly AssetKey[];

/** Reports every circle of dependencies, spelt out; without one, every computation that waits for what is made from its own assets. */
export function reportCycles(draft: CatalogDraft): void {
  // What an asset needs of its own earlier partitions is no circle; whether they are earlier is asked elsewhere.
  const parents: Parents = (key) =>
    draft.assets.get(key)?.deps.flatMap((dep) => (dep.key === key && dep.mapping !== undefined ? [] : [dep.key])) ?? [];
  const keys = [...draft.assets.keys()].sort();
  const cycles = findCycles(keys, parents);
  for (const cycle of cycles) {
    const first = draft.assets.get(cycle[0] ?? "");
    draft.report({
      code: "DEFINITION.CYCLE",
      message: `Assets depend on each other in a circle: ${[...cycle].reverse().join(" → ")}.`,
      site: first && siteOf(first),
      fix:
        cycle.length === 2 && first?.partitions
          ? "Name its earlier partitions, e.g. `mapping: offset(-1)` with `optional: true` for the first, or take the dependency away."
          : "Take one of these dependencies away.",
    });
  }
  if (cycles.length === 0) reportUnitCycles(draft, keys, parents);
}

/** A computation that gives all its assets at once cannot wait for what needs one of them. */
function reportUnitCycles(draft: CatalogDraft, keys: readonly AssetKey[], parents: Parents): void {
  const whole = new Map<AssetKey, UnitSpec>();
  for (const unit of draft.units) if (!unit.canSubset && unit.assets.length > 1) for (const key of unit.assets) whole.set(key, unit);
  if (whole.size === 0) return;
  const node = (key: AssetKey): AssetKey => whole.get(key)?.assets[0] ?? key;
  const next: Parents = (key) => {
    const members = whole.get(key)?.assets ?? [key];
    return [...new Set(members.flatMap(parents).map(node))].filter((parent) => parent !== key);
  };
  const label = (key: AssetKey): string => {
    const unit = whole.get(key);
    return unit ? `${unit.id} (${unit.assets.join(", ")})` : key;
  };
  for (const cycle of findCycles(new Set(keys.map(node)), next)) {
    const stuck = [...new Set(cycle)].flatMap((key) => whole.get(key) ?? []);
    const path = [...cycle].reverse().map(label).join(" → ");
    const [first] = stuck;
    draft.report({
      code: "DEFINITION.CYCLE",
      message: `A computation of several assets waits for what is made from one of them: ${path}.`,
      site: first && siteOf(first),
      fix: `Give ${stuck.map(({ id }) => `"${id}"`).join(" or ")} \`canSubset: true\` so that it can be split, or make what waits by a method of its own.`,
    });
  }
}
