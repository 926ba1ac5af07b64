import { parseSelection } from "../../../src/graph/selection-parser.js";
import { printSelection } from "../../../src/graph/selection-printer.js";
import { SelectionError } from "../../../src/graph/selection-error.js";

function messageOf(text: string): string {
  try {
    parseSelection(text);
  } catch (error) {
    if (error instanceof SelectionError) return error.message;
    throw error;
  }
  return "no error";
}

describe("parseSelection and printSelection", () => {
  it.each([
    ["customers", "customers"],
    ["raw/*", "raw/*"],
    ["  2 + key:a + 10 ", '2+key:"a"+10'],
    ["+(+key:a)", '+(+key:"a")'],
    ["not key:a and key:b or key:c", 'not key:"a" and key:"b" or key:"c"'],
    ["not (key:a and (key:b or *))", 'not (key:"a" and (key:"b" or *))'],
    ["key:a and (key:b and key:c)", 'key:"a" and (key:"b" and key:"c")'],
    ["NOT not +key:a", 'not not +key:"a"'],
    ["roots(sinks(*)) or +(*)", "roots(sinks(*)) or +(*)"],
    ["tag:env=prod or tag:pii or tag:a=<null>", 'tag:"env"="prod" or tag:"pii" or tag:"a"=<null>'],
    ["owner:ann@example.com", 'owner:"ann@example.com"'],
    ["key:raw/orders.csv or events-v2", 'key:"raw/orders.csv" or events-v2'],
    ["job:sensor and column_tag:pii=yes", 'job:"sensor" and column_tag:"pii"="yes"'],
    ['only_checks(check:"orders#*")', 'only_checks(check:"orders#*")'],
    ["99999999999999999999+key:a", '+key:"a"'],
  ])("reads %j as %j, and reads that back to the same tree", (text, printed) => {
    const tree = parseSelection(text);
    expect(printSelection(tree)).toBe(printed);
    expect(parseSelection(printed)).toEqual(tree);
  });

  it.each([
    [
      "key:a key:b",
      'The selection has "key" where and, or, + or the end could stand.\n  key:a key:b\n        ^\n  → Write a value: key:"…"; for an asset of that name, key:"key".',
    ],
    [
      "key:a and",
      'The selection has its end where a selection should stand.\n  key:a and\n           ^\n  → Write parts such as key:"orders", group:sales or tag:env=prod, with and, or, not between them.',
    ],
    ["key:*", 'The selection has "*" where the value of key: should stand.\n  key:*\n      ^\n  → Write * alone for all assets.'],
    ["tag:foo=", 'The selection has its end where the value of tag: should stand.\n  tag:foo=\n          ^\n  → Write a value: tag:"…".'],
    ["grup:sales", 'The selection has "grup:", which is no attribute.\n  grup:sales\n  ^\n  → Did you mean group:?'],
    ["sinks", 'The selection has "sinks" where a selection should stand.\n  sinks\n  ^\n  → Write what it is applied to: sinks(…).'],
    ["(key:a", "The selection has its end where a ) should stand.\n  (key:a\n        ^\n  → Close the parenthesis with )."],
    ["key:a)", "The selection has a ) that closes nothing.\n  key:a)\n       ^\n  → Remove it, or open it with a ( before."],
    [
      "1+*",
      "The selection has a traversal of *, which is everything already.\n  1+*\n    ^\n  → Leave the + away, or put * in parentheses.",
    ],
    [
      "is:source",
      "The selection has is:source, which is nothing an asset can be.\n  is:source\n     ^\n  → Write one of is:materializable, is:external, is:observable.",
    ],
    [
      'a or\nkey:"b',
      'The selection has a quote that is not closed, or a backslash in quotes.\n  key:"b\n      ^\n  → Close the value with a " on the same line; a quoted value holds no \\ and no ".',
    ],
    [
      "a & b",
      'The selection has a "&" that has no meaning here.\n  a & b\n    ^\n  → Write and, or, not, + and parentheses between the parts, and put values with other characters in quotes: key:"a b".',
    ],
    [
      "a++",
      'The selection has "+" where and, or, + or the end could stand.\n  a++\n    ^\n  → Write the depth as a number: x+2 is two levels downstream.',
    ],
  ])("refuses %j with a caret under the fault", (text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  it.each([
    "",
    " ",
    "+",
    "*+",
    "**",
    "**key:a",
    "not",
    "owner",
    "key:a and and",
    "()",
    "sinks()",
    "key:And x",
    "kind:*",
    "group:a*",
    "key:<null>",
    "key:and",
  ])("refuses %j", (text) => {
    expect(() => parseSelection(text)).toThrow(SelectionError);
  });

  it("refuses nesting beyond its limit instead of running out of stack", () => {
    expect(() => parseSelection("(".repeat(100_000))).toThrow(/more than 400 levels of nesting/);
    expect(() => parseSelection(`${"not ".repeat(100_000)}a`)).toThrow(/more than 400 levels of nesting/);
  });

  it("shows only the surroundings of a fault in a long line", () => {
    const text = `${"key:a or ".repeat(50)}& ${" or key:a".repeat(50)}`;
    const [, line = "", caret = ""] = messageOf(text).split("\n");
    expect([line.charAt(caret.indexOf("^")), line.length]).toEqual(["&", 124]);
  });

  it("does not print a value that no text can say", () => {
    expect(() => printSelection({ type: "attribute", attribute: "key", value: 'a"b' })).toThrow(
      new Error(
        'The value "a\\"b" cannot be written in a selection.\n  → Select by something else: a value may not hold a ", a \\ or a line break.',
      ),
    );
  });
});
