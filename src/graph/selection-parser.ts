import { nearest } from "../base/did-you-mean.js";
import {
  SELECTION_ATTRIBUTES,
  SELECTION_FUNCTIONS,
  type AttributeNode,
  type SelectionAttribute,
  type SelectionFunction,
  type SelectionNode,
} from "./selection-ast.js";
import { SelectionError } from "./selection-error.js";
import { tokenize, type Token, type TokenKind } from "./selection-lexer.js";

/** Values that are words of the language and yet may stand as a value without quotes. */
const VALUE_WORDS = new Set(["sensor", "schedule", "job"]);
const RESERVED = new Set<string>([...SELECTION_ATTRIBUTES, "sinks", "roots"].filter((word) => word !== "check"));
const IS_VALUES = ["materializable", "external", "observable"];
const MAX_NESTING = 400;
/** Deeper than any graph; written depths above it mean all levels. */
const MAX_DEPTH = 1_000_000_000;

/**
 * The tree of a selection such as `group:sales and +key:orders`.
 * @throws {@link SelectionError} with a caret under the first character that cannot stand where it does
 * @remarks From tight to loose: traversal (`2+x+1`), `not`, `and`, `or`. At most 400 parentheses and `not`s within each other.
 */
export function parseSelection(text: string): SelectionNode {
  return new Parser(text).parse();
}

class Parser {
  private readonly tokens: readonly Token[];
  private position = 0;
  private nesting = 0;

  constructor(private readonly text: string) {
    this.tokens = tokenize(text);
  }

  parse(): SelectionNode {
    const node = this.combination("or");
    if (this.token.kind === ")") throw this.refuse("a ) that closes nothing", "Remove it, or open it with a ( before.");
    if (this.token.kind !== "end") throw this.refuse(`${this.found()} where and, or, + or the end could stand`, this.advice());
    return node;
  }

  private get token(): Token {
    return this.tokens[this.position] as Token;
  }

  private at(kind: TokenKind): boolean {
    return this.token.kind === kind;
  }

  private peek(kind: TokenKind): boolean {
    return this.tokens[this.position + 1]?.kind === kind;
  }

  private combination(type: "and" | "or"): SelectionNode {
    const operands: SelectionNode[] = [];
    do operands.push(type === "or" ? this.combination("and") : this.negation());
    while (this.acceptKeyword(type));
    const [only] = operands;
    return only !== undefined && operands.length === 1 ? only : { type, operands };
  }

  private negation(): SelectionNode {
    if (!this.acceptKeyword("not")) return this.traversal();
    return { type: "not", operand: this.nested(() => this.negation()) };
  }

  private traversal(): SelectionNode {
    if (this.token.kind === "*") return this.all();
    const up = this.upward();
    if (up !== undefined && this.at("*")) {
      throw this.refuse("a traversal of *, which is everything already", "Leave the + away, or put * in parentheses.");
    }
    const operand = this.primary();
    const down = this.downward();
    if (up === undefined && down === undefined) return operand;
    return { type: "traversal", operand, ...(up !== undefined && { up }), ...(down !== undefined && { down }) };
  }

  private all(): SelectionNode {
    this.position++;
    return { type: "all" };
  }

  private upward(): number | undefined {
    if (this.token.kind === "digits" && this.peek("+")) {
      const depth = depthOf(this.token.text);
      this.position += 2;
      return depth;
    }
    return this.accept("+") ? Infinity : undefined;
  }

  private downward(): number | undefined {
    if (!this.accept("+")) return undefined;
    if (this.token.kind !== "digits") return Infinity;
    const depth = depthOf(this.token.text);
    this.position++;
    return depth;
  }

  private primary(): SelectionNode {
    const { kind, text } = this.token;
    if (this.accept("(")) return this.closed();
    if (kind === "word" && this.peek(":") && isAttribute(text)) return this.attribute(text);
    if (kind === "word" && this.peek("(") && isFunction(text)) {
      this.position += 2;
      return { type: "function", name: text, operand: this.closed() };
    }
    if ((kind === "word" && !RESERVED.has(text)) || (kind === "wildcard" && /[^*]/.test(text))) {
      if (this.peek(":")) throw this.refuse(`"${text}:", which is no attribute`, unknownAttribute(text));
      this.position++;
      return { type: "bare", pattern: text };
    }
    throw this.refuse(`${this.found()} where a selection should stand`, this.advice());
  }

  private closed(): SelectionNode {
    const node = this.nested(() => this.combination("or"));
    if (!this.accept(")")) throw this.refuse(`${this.found()} where a ) should stand`, "Close the parenthesis with ).");
    return node;
  }

  private attribute(attribute: SelectionAttribute): AttributeNode {
    this.position += 2;
    const start = this.token;
    const value = this.value(attribute);
    if (attribute === "is" && (value === null || !IS_VALUES.includes(value))) {
      this.position--;
      throw this.refuse(`is:${start.text}, which is nothing an asset can be`, `Write one of is:${IS_VALUES.join(", is:")}.`);
    }
    if ((attribute !== "tag" && attribute !== "column_tag") || !this.accept("=")) return { type: "attribute", attribute, value };
    return { type: "attribute", attribute, value, equals: this.value(attribute) };
  }

  /** Only `key` (and `check`) take wildcards without quotes; a `*` alone is never a value. */
  private value(attribute: SelectionAttribute): string | null {
    const { kind, text } = this.token;
    const byKey = attribute === "key" || attribute === "check";
    const isWord = kind === "word" && (!RESERVED.has(text) || (!byKey && VALUE_WORDS.has(text)));
    if (isWord || kind === "quoted" || (kind === "wildcard" && byKey)) {
      this.position++;
      return text;
    }
    if (kind === "null" && !byKey) {
      this.position++;
      return null;
    }
    throw this.refuse(`${this.found()} where the value of ${attribute}: should stand`, this.valueAdvice(attribute));
  }

  private valueAdvice(attribute: SelectionAttribute): string {
    if (this.token.kind === "*" && attribute === "key") return "Write * alone for all assets.";
    return this.token.kind === "end" ? `Write a value: ${attribute}:"…".` : `Put the value in quotes: ${attribute}:"…".`;
  }

  private acceptKeyword(keyword: string): boolean {
    if (this.token.kind !== "keyword" || this.token.text !== keyword) return false;
    this.position++;
    return true;
  }

  private accept(kind: TokenKind): boolean {
    if (this.token.kind !== kind) return false;
    this.position++;
    return true;
  }

  private nested<T>(read: () => T): T {
    if (++this.nesting > MAX_NESTING) throw this.refuse(`more than ${MAX_NESTING} levels of nesting`, "Split the selection.");
    const result = read();
    this.nesting--;
    return result;
  }

  private found(): string {
    if (this.token.kind === "end") return "its end";
    return this.token.kind === "quoted" ? `the text "${this.token.text}"` : `"${this.token.text}"`;
  }

  private advice(): string {
    const { kind, text } = this.token;
    if (kind === "quoted") return `Write an attribute before it: key:"${text}".`;
    if (kind === "word" && isFunction(text)) return `Write what it is applied to: ${text}(…).`;
    if (kind === "word" && RESERVED.has(text) && isAttribute(text))
      return `Write a value: ${text}:"…"; for an asset of that name, key:"${text}".`;
    if (kind === "+") return "Write the depth as a number: x+2 is two levels downstream.";
    return 'Write parts such as key:"orders", group:sales or tag:env=prod, with and, or, not between them.';
  }

  private refuse(what: string, fix: string): SelectionError {
    const at = { text: this.text, offset: this.token.offset };
    return new SelectionError("REQUEST.SELECTION_SYNTAX", `The selection has ${what}.`, { at, fix });
  }
}

function depthOf(digits: string): number {
  const depth = Number(digits);
  return depth > MAX_DEPTH ? Infinity : depth;
}

function isAttribute(word: string): word is SelectionAttribute {
  return (SELECTION_ATTRIBUTES as readonly string[]).includes(word);
}

function isFunction(word: string): word is SelectionFunction {
  return (SELECTION_FUNCTIONS as readonly string[]).includes(word);
}

function unknownAttribute(word: string): string {
  const near = nearest(word, SELECTION_ATTRIBUTES);
  return near ? `Did you mean ${near}:?` : `Write one of ${SELECTION_ATTRIBUTES.join(", ")}.`;
}
