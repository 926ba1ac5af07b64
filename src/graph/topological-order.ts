import { rowOf, type Adjacency } from "./adjacency.js";

/** Ids such that each comes after its parents, smaller ids first where both could stand; or a cycle, its first id repeated at the end. */
export function topologicalIds(
  parents: Adjacency,
  children: Adjacency,
): { readonly order: Int32Array } | { readonly cycle: readonly number[] } {
  const size = parents.starts.length - 1;
  const waitsFor = Int32Array.from({ length: size }, (_, id) => (parents.starts[id + 1] as number) - (parents.starts[id] as number));
  const order = new Int32Array(size);
  let placed = 0;
  for (let id = 0; id < size; id++) if (waitsFor[id] === 0) order[placed++] = id;
  for (let at = 0; at < placed; at++) {
    for (const child of rowOf(children, order[at] as number)) {
      const left = (waitsFor[child] as number) - 1;
      waitsFor[child] = left;
      if (left === 0) order[placed++] = child;
    }
  }
  return placed === size ? { order } : { cycle: someCycle(parents, waitsFor) };
}

/** Each node that still waits has a parent that waits too, so the way up comes back to itself. */
function someCycle(parents: Adjacency, waitsFor: Int32Array): number[] {
  const path: number[] = [];
  const position = new Map<number, number>();
  let id = waitsFor.findIndex((left) => left > 0);
  while (!position.has(id)) {
    position.set(id, path.length);
    path.push(id);
    id = rowOf(parents, id).find((parent) => (waitsFor[parent] as number) > 0) as number;
  }
  const cycle = path.slice(position.get(id)).reverse();
  const start = cycle.indexOf(cycle.reduce((least, id) => Math.min(least, id)));
  const turned = [...cycle.slice(start), ...cycle.slice(0, start)];
  return [...turned, turned[0] as number];
}
