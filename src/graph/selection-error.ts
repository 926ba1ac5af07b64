import type { AssetRef } from "../model/asset-ref.js";
import { RequestError } from "../base/errors.js";

/** Where in a selection something is wrong: an offset in characters. */
export interface SelectionPlace {
  readonly text: string;
  readonly offset: number;
}

/** A selection cannot be read, or asks for what the graph does not have. The message shows the text and a caret under the place. */
export class SelectionError extends RequestError {
  /** Offset of the character that the caret points at; `undefined` for selections that were not written as text. */
  readonly offset: number | undefined;

  constructor(code: string, sentence: string, options: { readonly at?: SelectionPlace; readonly fix?: string } = {}) {
    super(code, options.at ? `${sentence}\n${caretLines(options.at)}` : sentence, options.fix === undefined ? {} : { fix: options.fix });
    this.offset = options.at?.offset;
  }
}

const CONTEXT = 60;

/** The line of the place, cut to its surroundings, and the caret below it. Tabs count as one column. */
function caretLines({ text, offset }: SelectionPlace): string {
  const lineStart = Math.max(text.lastIndexOf("\n", offset - 1), text.lastIndexOf("\r", offset - 1)) + 1;
  const rest = text.slice(lineStart).search(/[\r\n]/);
  const lineEnd = rest < 0 ? text.length : lineStart + rest;
  const from = Math.max(lineStart, offset - CONTEXT);
  const to = Math.min(lineEnd, offset + CONTEXT);
  const before = from > lineStart ? "…" : "";
  const shown = before + text.slice(from, to) + (to < lineEnd ? "…" : "");
  return `  ${shown.replaceAll("\t", " ")}\n  ${" ".repeat(before.length + offset - from)}^`;
}

/** A ref stands where a key is needed. */
export function unboundRef({ target }: AssetRef): SelectionError {
  const name = "key" in target ? target.key : target.out === undefined ? target.method : `${target.method}, ${target.out}`;
  return new SelectionError("REQUEST.SELECTION_REF", `The selection holds the ref of "${name}", whose key is not known yet.`, {
    fix: "Materialize it, or bind it to the definitions first: selection.bind(keysOf).",
  });
}
