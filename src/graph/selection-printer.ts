import type { AttributeNode, SelectionNode, TraversalNode } from "./selection-ast.js";
import { SelectionError, unboundRef } from "./selection-error.js";

/**
 * The text of a selection; reading it gives the same tree again.
 * @remarks Values are quoted, and parentheses stand only where the tree needs them.
 * @throws {@link SelectionError} if a value holds a quote, a backslash or a line break, which no text can say
 */
export function printSelection(node: SelectionNode): string {
  switch (node.type) {
    case "all":
      return "*";
    case "bare":
      return node.pattern;
    case "attribute":
      return printAttribute(node);
    case "ref":
      throw unboundRef(node.ref);
    case "function":
      return `${node.name}(${printSelection(node.operand)})`;
    case "traversal":
      return printTraversal(node);
    case "not":
      return `not ${within(node.operand, ["and", "or"])}`;
    case "and":
      return node.operands.map((operand) => within(operand, ["and", "or"])).join(" and ");
    case "or":
      return node.operands.map((operand) => within(operand, ["or"])).join(" or ");
  }
}

function printTraversal({ operand, up, down }: TraversalNode): string {
  const inner = within(operand, ["all", "traversal", "not", "and", "or"]);
  return `${up === undefined ? "" : `${depth(up)}+`}${inner}${down === undefined ? "" : `+${depth(down)}`}`;
}

function depth(levels: number): string {
  return levels === Infinity ? "" : String(levels);
}

function within(node: SelectionNode, parenthesized: readonly SelectionNode["type"][]): string {
  const text = printSelection(node);
  return parenthesized.includes(node.type) ? `(${text})` : text;
}

function printAttribute({ attribute, value, equals }: AttributeNode): string {
  const text = `${attribute}:${quoted(value)}`;
  return equals === undefined ? text : `${text}=${quoted(equals)}`;
}

function quoted(value: string | null): string {
  if (value === null) return "<null>";
  if (!/["\\\r\n]/.test(value)) return `"${value}"`;
  throw new SelectionError("REQUEST.SELECTION_VALUE", `The value ${JSON.stringify(value)} cannot be written in a selection.`, {
    fix: 'Select by something else: a value may not hold a ", a \\ or a line break.',
  });
}
