import type { AssetRef } from "../model/asset-ref.js";
import type { AssetKey } from "../model/asset-spec.js";
import type { AssetGraph } from "./asset-graph.js";
import { evaluateSelection, type EvaluateOptions, type SelectionResult } from "./evaluate-selection.js";
import type { AttributeNode, SelectionAttribute, SelectionFunction, SelectionNode } from "./selection-ast.js";
import { SelectionError } from "./selection-error.js";
import { parseSelection } from "./selection-parser.js";
import { printSelection } from "./selection-printer.js";

/** Tells the keys behind a ref: more than one where a class is mounted more than once. */
export type KeysOf = (ref: AssetRef) => readonly AssetKey[];

/**
 * A choice of assets and checks, made before the graph is known. Never changes: each method gives a new one.
 * @example AssetSelection.groups("sales").upstream(1).minus(AssetSelection.kind("dbt"))
 */
export class AssetSelection {
  private constructor(
    /** The selection as a tree. */
    readonly node: SelectionNode,
  ) {}

  /** All assets (those that are made here, unless evaluated with external ones) and their checks. */
  static all(): AssetSelection {
    return new AssetSelection({ type: "all" });
  }

  /**
   * Assets by key or by ref. A key that the graph does not have is left out; none at all chooses nothing. A selection with refs is bound
   * to the definitions (see {@link AssetSelection.bind}) before it is resolved or printed; materializing does that.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any asset may be chosen
  static assets(...assets: readonly (AssetKey | AssetRef<any>)[]): AssetSelection {
    const keys = assets.filter((asset) => typeof asset === "string");
    const refs = assets.filter((asset) => typeof asset !== "string").map((ref): SelectionNode => ({ type: "ref", ref }));
    if (refs.length === 0) return anyOf("key", keys);
    const [first, ...others] = keys.length === 0 ? refs : [...AssetSelection.assets(...keys).operandsOf("or"), ...refs];
    return new AssetSelection(others.length === 0 && first ? first : { type: "or", operands: [first as SelectionNode, ...others] });
  }

  /** Assets by an attribute of the language, e.g. `where("partitions", "time")`. @param value - `null` is the literal `<null>` */
  static where(attribute: SelectionAttribute, value: string | null, equals?: string | null): AssetSelection {
    return printed({ type: "attribute", attribute, value, ...(equals === undefined ? {} : { equals }) });
  }

  /** Assets of any of these groups; `*` stands for any characters. */
  static groups(...groups: readonly string[]): AssetSelection {
    return anyOf("group", groups);
  }

  /** Assets with this tag. @param value - exactly this. @defaultValue `""` */
  static tag(key: string, value = ""): AssetSelection {
    return AssetSelection.where("tag", key, value === "" ? undefined : value);
  }

  /** Assets of this owner. */
  static owner(owner: string): AssetSelection {
    return anyOf("owner", [owner]);
  }

  /** Assets of this kind. */
  static kind(kind: string): AssetSelection {
    return anyOf("kind", [kind]);
  }

  /** Assets whose key fits the pattern; `*` stands for any characters, `/` too. */
  static key(pattern: string): AssetSelection {
    return anyOf("key", [pattern]);
  }

  /** Checks by id (`asset#check`, with `*` for any characters), without their assets. */
  static checks(...ids: readonly string[]): AssetSelection {
    return anyOf("check", ids);
  }

  /** @throws {@link SelectionError} with a caret under the first character that cannot stand where it does */
  static fromString(text: string): AssetSelection {
    return new AssetSelection(parseSelection(text));
  }

  /** These and what they need, so many levels up. @param depth - at least 0. @defaultValue all levels */
  upstream(depth = Infinity): AssetSelection {
    return new AssetSelection({ type: "traversal", operand: this.node, up: checkedDepth(depth) });
  }

  /** These and what needs them, so many levels down. @param depth - at least 0. @defaultValue all levels */
  downstream(depth = Infinity): AssetSelection {
    return new AssetSelection({ type: "traversal", operand: this.node, down: checkedDepth(depth) });
  }

  /** What both choose. */
  and(other: AssetSelection): AssetSelection {
    return new AssetSelection({ type: "and", operands: [...this.operandsOf("and"), other.node] });
  }

  /** What either chooses. */
  or(other: AssetSelection): AssetSelection {
    return new AssetSelection({ type: "or", operands: [...this.operandsOf("or"), other.node] });
  }

  /** Everything else. */
  not(): AssetSelection {
    return new AssetSelection({ type: "not", operand: this.node });
  }

  /** These without what the other chooses. */
  minus(other: AssetSelection): AssetSelection {
    return this.and(other.not());
  }

  /** Those of these that nothing else of these is upstream of. */
  roots(): AssetSelection {
    return this.call("roots");
  }

  /** Those of these that nothing else of these is downstream of. */
  sinks(): AssetSelection {
    return this.call("sinks");
  }

  /** The assets alone. */
  withoutChecks(): AssetSelection {
    return this.call("without_checks");
  }

  /** The checks alone. */
  checksOnly(): AssetSelection {
    return this.call("only_checks");
  }

  /** The same with a key in the place of each ref; more than one where a class is mounted more than once. */
  bind(keysOf: KeysOf): AssetSelection {
    return new AssetSelection(bound(this.node, keysOf));
  }

  /** What this chooses in a graph. @throws {@link SelectionError} as {@link evaluateSelection} does */
  resolve(graph: AssetGraph, options: EvaluateOptions = {}): SelectionResult {
    return evaluateSelection(this.node, graph, options);
  }

  /** As text that {@link AssetSelection.fromString} reads back to the same selection. @throws {@link SelectionError} as {@link printSelection} does */
  toString(): string {
    return printSelection(this.node);
  }

  /** The text, so that a selection within JSON is one that can be read back. */
  toJSON(): string {
    return this.toString();
  }

  private call(name: SelectionFunction): AssetSelection {
    return new AssetSelection({ type: "function", name, operand: this.node });
  }

  /** A chain of the same operator stays one node, as in text. */
  private operandsOf(type: "and" | "or"): readonly SelectionNode[] {
    return this.node.type === type ? this.node.operands : [this.node];
  }
}

function checkedDepth(depth: number): number {
  if (depth === Infinity || (Number.isInteger(depth) && depth >= 0 && depth <= 1_000_000_000)) return depth;
  throw new SelectionError("REQUEST.SELECTION_DEPTH", `The depth of a traversal is ${depth}.`, {
    fix: "Give a whole number from 0 to 1000000000, or none for all levels.",
  });
}

const NOTHING = AssetSelection.all().not();

/** By way of its text, which refuses what cannot be said, so that the builder says nothing that the language cannot. */
function printed(node: AttributeNode): AssetSelection {
  return AssetSelection.fromString(printSelection(node));
}

function bound(node: SelectionNode, keysOf: KeysOf): SelectionNode {
  switch (node.type) {
    case "ref":
      return AssetSelection.assets(...keysOf(node.ref)).node;
    case "function":
    case "traversal":
    case "not":
      return { ...node, operand: bound(node.operand, keysOf) };
    case "and":
    case "or": {
      // A list of keys is one chain, as in text.
      const operands = node.operands.map((operand) => bound(operand, keysOf));
      return {
        ...node,
        operands: operands.flatMap((operand, at) =>
          node.operands[at]?.type === "ref" && operand.type === node.type ? operand.operands : [operand],
        ),
      };
    }
    default:
      return node;
  }
}

function anyOf(name: SelectionAttribute, values: readonly string[]): AssetSelection {
  if (values.length === 0) return NOTHING;
  return AssetSelection.fromString(values.map((value) => printSelection({ type: "attribute", attribute: name, value })).join(" or "));
}
