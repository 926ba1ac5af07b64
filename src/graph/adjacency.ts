/** Who is next to whom, in compressed rows: the neighbours of `id` are `neighbours[starts[id] … starts[id + 1] - 1]`. */
export interface Adjacency {
  readonly starts: Int32Array;
  readonly neighbours: Int32Array;
}

/** Rows of `size` nodes from edges `from[i] → to[i]`. Within a row the order is that of the edges. O(V + E). */
export function adjacency(size: number, from: Int32Array, to: Int32Array): Adjacency {
  const starts = new Int32Array(size + 1);
  for (const id of from) starts[id + 1] = (starts[id + 1] as number) + 1;
  for (let id = 0; id < size; id++) starts[id + 1] = (starts[id + 1] as number) + (starts[id] as number);
  const next = starts.slice(0, size);
  const neighbours = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge++) {
    const id = from[edge] as number;
    const slot = next[id] as number;
    neighbours[slot] = to[edge] as number;
    next[id] = slot + 1;
  }
  return { starts, neighbours };
}

/** The neighbours of one node, without a copy. */
export function rowOf({ starts, neighbours }: Adjacency, id: number): Int32Array {
  return neighbours.subarray(starts[id], starts[id + 1]);
}

/**
 * The nodes within `levels` steps of `from`, themselves included.
 * @param from - 1 where a node is a start
 * @param levels - at least 0; `Infinity` for all
 */
export function reach(edges: Adjacency, from: Uint8Array, levels: number): Uint8Array {
  const reached = from.slice();
  let frontier = idsOf(from);
  for (let level = 0; level < levels && frontier.length > 0; level++) {
    const next: number[] = [];
    for (const id of frontier) visitUnreached(edges, id, reached, next);
    frontier = next;
  }
  return reached;
}

/** The nodes that at least one step away from `from` leads to; a start is among them only when another start (or a cycle) leads to it. */
export function reachBeyond(edges: Adjacency, from: Uint8Array): Uint8Array {
  const reached = new Uint8Array(from.length);
  const stack: number[] = [];
  for (const id of idsOf(from)) visitUnreached(edges, id, reached, stack);
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) visitUnreached(edges, id, reached, stack);
  return reached;
}

function visitUnreached({ starts, neighbours }: Adjacency, id: number, reached: Uint8Array, found: number[]): void {
  const end = starts[id + 1] as number;
  for (let slot = starts[id] as number; slot < end; slot++) {
    const neighbour = neighbours[slot] as number;
    if (reached[neighbour] !== 0) continue;
    reached[neighbour] = 1;
    found.push(neighbour);
  }
}

/** The ids at which a set is 1, in order. */
export function idsOf(set: Uint8Array): number[] {
  const ids: number[] = [];
  for (let id = 0; id < set.length; id++) if (set[id] === 1) ids.push(id);
  return ids;
}
