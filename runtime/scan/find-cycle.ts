/**
 * The cycles of a graph, one for each knot, each spelt `a, b, a`, along the edges as `next` tells them; empty: there is none.
 * @remarks One depth-first pass without recursion: O(nodes + edges).
 */
export function findCycles(nodes: Iterable<string>, next: (node: string) => readonly string[]): readonly (readonly string[])[] {
  const state = new Map<string, "open" | "done">();
  const cycles: (readonly string[])[] = [];
  for (const root of nodes) {
    if (state.has(root)) continue;
    const path: { readonly node: string; readonly rest: Iterator<string> }[] = [{ node: root, rest: next(root)[Symbol.iterator]() }];
    state.set(root, "open");
    while (path.length > 0) {
      const top = path[path.length - 1];
      if (!top) break;
      const step = top.rest.next();
      if (step.done) {
        state.set(top.node, "done");
        path.pop();
      } else if (state.get(step.value) === "open") {
        const from = path.findIndex(({ node }) => node === step.value);
        cycles.push([...path.slice(from).map(({ node }) => node), step.value]);
      } else if (!state.has(step.value)) {
        state.set(step.value, "open");
        path.push({ node: step.value, rest: next(step.value)[Symbol.iterator]() });
      }
    }
  }
  return cycles;
}
