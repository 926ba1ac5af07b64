import { SelectionError } from "./selection-error.js";

/** What a piece of a selection is. */
export type TokenKind = "word" | "wildcard" | "quoted" | "null" | "digits" | "keyword" | "*" | "+" | ":" | "=" | "(" | ")" | "end";

/** A piece of a selection's text. */
export interface Token {
  readonly kind: TokenKind;
  /** As written; for `quoted` without its quotes, for `keyword` in lower case. */
  readonly text: string;
  readonly offset: number;
}

const SPACE = /[ \t\r\n]+/y;
const QUOTED = /"[^"\\\r\n]*"/y;
const DIGITS = /[0-9]+/y;
const WORD = /[a-zA-Z_*][a-zA-Z0-9_*/.@-]*/y;
const KEYWORDS = new Set(["and", "AND", "or", "OR", "not", "NOT"]);
const SIGNS = "+:=()";

/** The text in tokens, the last of which is `end`. Each is as long as it can be: `keys*` is one wildcard, `*and` is one too. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  for (;;) {
    offset += match(SPACE, text, offset).length;
    if (offset >= text.length) return [...tokens, { kind: "end", text: "", offset: text.length }];
    const token = tokenAt(text, offset);
    tokens.push(token);
    offset += token.kind === "quoted" ? token.text.length + 2 : token.text.length;
  }
}

function tokenAt(text: string, offset: number): Token {
  const char = text.charAt(offset);
  if (SIGNS.includes(char)) return { kind: char as TokenKind, text: char, offset };
  const word = match(WORD, text, offset);
  if (word !== "") return { kind: kindOf(word), text: KEYWORDS.has(word) ? word.toLowerCase() : word, offset };
  const digits = match(DIGITS, text, offset);
  if (digits !== "") return { kind: "digits", text: digits, offset };
  const quoted = match(QUOTED, text, offset);
  if (quoted !== "") return { kind: "quoted", text: quoted.slice(1, -1), offset };
  if (text.startsWith("<null>", offset)) return { kind: "null", text: "<null>", offset };
  throw refused(text, offset, char);
}

function kindOf(word: string): TokenKind {
  if (word === "*") return "*";
  if (KEYWORDS.has(word)) return "keyword";
  return word.includes("*") ? "wildcard" : "word";
}

function match(pattern: RegExp, text: string, offset: number): string {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0] ?? "";
}

function refused(text: string, offset: number, char: string): SelectionError {
  const at = { text, offset };
  if (char === '"') {
    return new SelectionError("REQUEST.SELECTION_SYNTAX", "The selection has a quote that is not closed, or a backslash in quotes.", {
      at,
      fix: 'Close the value with a " on the same line; a quoted value holds no \\ and no ".',
    });
  }
  return new SelectionError("REQUEST.SELECTION_SYNTAX", `The selection has a ${JSON.stringify(char)} that has no meaning here.`, {
    at,
    fix: 'Write and, or, not, + and parentheses between the parts, and put values with other characters in quotes: key:"a b".',
  });
}
