import { nearest } from "../base/did-you-mean.js";
import type { AssetKey } from "../model/asset-spec.js";
import { idsOf, reach, reachBeyond } from "./adjacency.js";
import type { AssetGraph } from "./asset-graph.js";
import { assetsByAttribute, assetsByKey, wildcard } from "./evaluate-attribute.js";
import { add, intersect, retain, subtract, unite, without, withTheirChecks, type Selected } from "./selected.js";
import type { AttributeNode, BareKeyNode, CombinationNode, FunctionNode, SelectionNode, TraversalNode } from "./selection-ast.js";
import { SelectionError, unboundRef } from "./selection-error.js";

/** What a selection chooses in a graph. */
export interface SelectionResult {
  /** Sorted. */
  readonly assets: readonly AssetKey[];
  /** Check ids, sorted. */
  readonly checks: readonly string[];
}

/** Which assets a selection chooses among. */
export interface EvaluateOptions {
  /**
   * Whether `*`, `not`, `tag:`, `kind:` and `group:` choose among all assets or only among those that are made here.
   * @defaultValue false
   */
  readonly includeExternal?: boolean;
}

/**
 * The assets and checks that a selection chooses: the checks of the chosen assets with them.
 * @throws {@link SelectionError} if a key without `key:` matches nothing, or an attribute asks for what is not known here
 * @remarks O(V + E) for each part of the selection. A traversal upstream leaves out external assets, where it starts from one too.
 */
export function evaluateSelection(node: SelectionNode, graph: AssetGraph, options: EvaluateOptions = {}): SelectionResult {
  const { assets, checks } = new Evaluation(graph, options.includeExternal ?? false).of(node);
  return { assets: idsOf(assets).map((id) => graph.keyAt(id)), checks: idsOf(checks).map((id) => graph.checkIds[id] as string) };
}

class Evaluation {
  /** The graph's own: never changed. */
  private readonly made: Uint8Array;
  private readonly range: Uint8Array;

  constructor(
    private readonly graph: AssetGraph,
    includeExternal: boolean,
  ) {
    this.made = graph.madeHere;
    this.range = includeExternal ? new Uint8Array(graph.size).fill(1) : this.made;
  }

  /** A set of the caller's own, to change as it likes. */
  of(node: SelectionNode): Selected {
    switch (node.type) {
      case "all":
        return withTheirChecks(this.graph, this.range.slice());
      case "bare":
        return this.bare(node);
      case "attribute":
        return this.attribute(node);
      case "ref":
        throw unboundRef(node.ref);
      case "function":
        return this.call(node);
      case "traversal":
        return this.traversal(node);
      case "not":
        return without(withTheirChecks(this.graph, this.range), this.of(node.operand));
      case "and":
        return this.both(node);
      case "or":
        return this.either(node);
    }
  }

  private attribute(node: AttributeNode): Selected {
    if (node.attribute !== "check") return withTheirChecks(this.graph, assetsByAttribute(this.graph, node, this.range));
    const fits = wildcard(node.value ?? "");
    return { assets: new Uint8Array(this.graph.size), checks: Uint8Array.from(this.graph.checkIds, (id) => (fits(id) ? 1 : 0)) };
  }

  private bare({ pattern }: BareKeyNode): Selected {
    const assets = assetsByKey(this.graph, pattern);
    if (assets.includes(1)) return withTheirChecks(this.graph, assets);
    const near = pattern.includes("*") ? undefined : nearest(pattern, this.graph.keys());
    const what = pattern.includes("*") ? `No asset's key fits "${pattern}".` : `There is no asset "${pattern}".`;
    throw new SelectionError("REQUEST.SELECTION_UNKNOWN_KEY", `${what}${near ? ` Did you mean "${near}"?` : ""}`, {
      fix: `Correct it, or write key:"${pattern}" for a selection that may be empty.`,
    });
  }

  private call({ name, operand }: FunctionNode): Selected {
    const chosen = this.of(operand);
    if (name === "without_checks") return { assets: chosen.assets, checks: new Uint8Array(chosen.checks.length) };
    if (name === "only_checks") return { assets: new Uint8Array(this.graph.size), checks: chosen.checks };
    const beyond = reachBeyond(name === "roots" ? this.graph.childIds : this.graph.parentIds, chosen.assets);
    return withTheirChecks(this.graph, subtract(chosen.assets, beyond));
  }

  private traversal({ operand, up, down }: TraversalNode): Selected {
    const { assets } = this.of(operand);
    const upstream = up === undefined ? undefined : retain(reach(this.graph.parentIds, assets, up), this.made);
    const downstream = down === undefined ? undefined : reach(this.graph.childIds, assets, down);
    return withTheirChecks(this.graph, upstream && downstream ? add(upstream, downstream) : (upstream ?? downstream ?? assets));
  }

  private both({ operands }: CombinationNode): Selected {
    const [first, ...rest] = operands;
    const chosen = this.of(first as SelectionNode);
    for (const operand of rest) intersect(chosen, this.of(operand));
    return chosen;
  }

  /** Many plain keys, as a list of assets gives them, are set one by one: a set of the whole graph for each would take O(V) a key. */
  private either({ operands }: CombinationNode): Selected {
    const keys = new Uint8Array(this.graph.size);
    const rest: SelectionNode[] = [];
    for (const operand of operands) {
      const key = plainKey(operand);
      const id = key === undefined ? undefined : this.graph.idOf(key);
      if (id !== undefined) keys[id] = 1;
      else if (key === undefined) rest.push(operand);
    }
    const chosen = withTheirChecks(this.graph, keys);
    for (const operand of rest) unite(chosen, this.of(operand));
    return chosen;
  }
}

function plainKey(node: SelectionNode): AssetKey | undefined {
  return node.type === "attribute" && node.attribute === "key" && !node.value?.includes("*") ? (node.value ?? "") : undefined;
}
