import type { AssetRef } from "../model/asset-ref.js";

/** The attributes that a selection can be made by. */
export const SELECTION_ATTRIBUTES = [
  "key",
  "tag",
  "owner",
  "group",
  "kind",
  "is",
  "partitions",
  "check",
  "code_location",
  "status",
  "column",
  "table_name",
  "column_tag",
  "changed_in_branch",
  "automation_type",
  "sensor",
  "schedule",
  "job",
] as const;
/** One of {@link SELECTION_ATTRIBUTES}. */
export type SelectionAttribute = (typeof SELECTION_ATTRIBUTES)[number];

/** The functions of the language. `without_checks` and `only_checks` choose between the assets and their checks. */
export const SELECTION_FUNCTIONS = ["sinks", "roots", "without_checks", "only_checks"] as const;
/** One of {@link SELECTION_FUNCTIONS}. */
export type SelectionFunction = (typeof SELECTION_FUNCTIONS)[number];

/** `group:x`, `tag:k=v`; a value of `null` is the literal `<null>`: nothing is set. */
export interface AttributeNode {
  readonly type: "attribute";
  readonly attribute: SelectionAttribute;
  readonly value: string | null;
  /** What stands after `=`; absent where there is none. */
  readonly equals?: string | null;
}

/** A key without `key:`. It means the same, but a key that matches nothing is an error: it is more often a slip than a wish. */
export interface BareKeyNode {
  readonly type: "bare";
  readonly pattern: string;
}

/** An asset by what stands for it, until its key is known; no text says this. */
export interface RefNode {
  readonly type: "ref";
  readonly ref: AssetRef;
}

/** `*`: every asset. */
export interface AllNode {
  readonly type: "all";
}

/** `sinks(x)`: a function of another selection. */
export interface FunctionNode {
  readonly type: "function";
  readonly name: SelectionFunction;
  readonly operand: SelectionNode;
}

/** `2+x+`: levels upstream and downstream, `Infinity` for all of them; absent: not in that direction. */
export interface TraversalNode {
  readonly type: "traversal";
  readonly operand: SelectionNode;
  readonly up?: number;
  readonly down?: number;
}

/** `not x`: everything else. */
export interface NotNode {
  readonly type: "not";
  readonly operand: SelectionNode;
}

/** At least two operands. */
export interface CombinationNode {
  readonly type: "and" | "or";
  readonly operands: readonly SelectionNode[];
}

/** A selection as a tree: plain, frozen, JSON-able but for `Infinity`. It knows no place in a text, so equal selections are equal trees. */
export type SelectionNode = AttributeNode | BareKeyNode | RefNode | AllNode | FunctionNode | TraversalNode | NotNode | CombinationNode;
