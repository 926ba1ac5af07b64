import { AssetSelection, SelectionError, parseSelection, type AssetGraph } from "millrace/model";
import { BARE_KEYS, NO_LEGACY, UNQUOTED_VALUES, inStrictForm } from "./selection-deviations.js";
import { graphsOf } from "./selection-graphs.js";
import type { ConformanceCase, Suite } from "./suite.js";

interface Given {
  readonly graph: string;
  readonly expr: string;
  readonly include_sources?: boolean;
  readonly parse_only?: boolean;
}

type Answer =
  { readonly keys: readonly string[]; readonly checks?: readonly string[] } | { readonly parses: true } | { readonly error: true };

/** Selection strings over random graphs. */
export const selection: Suite = {
  name: "selection",
  rules: [BARE_KEYS, UNQUOTED_VALUES, NO_LEGACY],
  judge(test, expect, file) {
    const given = test.given as unknown as Given;
    const graph = graphsOf(file).get(given.graph);
    if (!graph) return { passed: false, expected: expect, actual: `no graph ${given.graph} in the file` };
    const actual = answer(given.expr, given, graph);
    const expected = plain(expect);
    if (same(actual, expected)) return { passed: true };
    const rule = deviation(given, expect, actual, graph);
    return rule === undefined ? { passed: false, expected, actual } : { passed: true, rule };
  },
};

/** The rule that makes this answer the wanted one; `undefined`: there is none. */
function deviation(given: Given, expect: ConformanceCase["expect"], actual: Answer, graph: AssetGraph): string | undefined {
  const isLegacy = expect.legacy === true;
  if (isLegacy && "error" in actual) return NO_LEGACY;
  const strict = inStrictForm(given.expr);
  const wasRefused = expect.error === true || isLegacy;
  if (!wasRefused || strict.rules.length === 0) return undefined;
  return same(actual, answer(strict.text, given, graph)) ? strict.rules[0] : undefined;
}

function answer(expr: string, { include_sources, parse_only }: Given, graph: AssetGraph): Answer {
  try {
    if (parse_only) return parseSelection(expr) && { parses: true };
    const { assets, checks } = AssetSelection.fromString(expr).resolve(graph, { includeExternal: include_sources ?? false });
    return { keys: assets, ...(checks.length > 0 && { checks }) };
  } catch (error) {
    if (error instanceof SelectionError) return { error: true };
    throw error;
  }
}

/** The answer without what is said about it. */
function plain({ keys, checks, error, parses }: ConformanceCase["expect"]): Answer {
  if (error) return { error: true };
  if (parses) return { parses: true };
  return { keys: keys as readonly string[], ...(checks !== undefined && { checks: checks as readonly string[] }) };
}

function same(a: Answer, b: Answer): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
