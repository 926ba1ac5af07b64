import { isDeepStrictEqual } from "node:util";
import { AssetSelection, SelectionError, parseSelection, printSelection, type AssetGraph } from "millrace/model";
import { NO_LEGACY } from "./selection-deviations.js";
import { graphsOf } from "./selection-graphs.js";
import type { ConformanceFile, Suite, Verdict } from "./suite.js";

/** Normal forms: ours may be spelled otherwise, but it reads back to the same tree and selects the same. */
export const selectionRoundtrip: Suite = {
  name: "selection-roundtrip",
  rules: [NO_LEGACY],
  judge({ given }, expect, file, files) {
    const expr = given.expr as string;
    if (readAsOneTag(expr, expect.str as string)) return { passed: true, rule: NO_LEGACY };
    const tree = parseSelection(expr);
    const printed = printSelection(tree);
    if (!isDeepStrictEqual(parseSelection(printed), tree)) return differs("parse and print are each other's inverse", { expr, printed });
    const theirs = expect.str as string;
    parseSelection(theirs);
    const comparable = expect.same !== false && !ZERO_UPSTREAM.test(expr);
    for (const graph of graphsFor(file, files)) {
      for (const includeExternal of [false, true]) {
        const wanted = resolve(expr, graph, includeExternal);
        if (resolve(printed, graph, includeExternal) !== wanted) return differs(wanted, resolve(printed, graph, includeExternal));
        if (comparable && resolve(theirs, graph, includeExternal) !== wanted)
          return differs(wanted, resolve(theirs, graph, includeExternal));
      }
    }
    return { passed: true };
  },
};

/** `0+x` leaves the external assets of x out; their normal form leaves the `0+` out, and with it that meaning. */
const ZERO_UPSTREAM = /(?<![0-9a-zA-Z_])0+[ \t\r\n]*\+/;

/** A refused text that the anchor takes for one literal tag: its normal form holds the rest of the text within quotes. */
function readAsOneTag(expr: string, theirs: string): boolean {
  try {
    parseSelection(expr);
    return false;
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    return expr.startsWith("tag:") && /^tag:"[^"]*"(="[^"]*")?$/.test(theirs);
  }
}

function differs(expected: unknown, actual: unknown): Verdict {
  return { passed: false, expected, actual };
}

function resolve(text: string, graph: AssetGraph, includeExternal: boolean): string {
  return JSON.stringify(AssetSelection.fromString(text).resolve(graph, { includeExternal }));
}

/** The graphs of the selection tables beside it: those of the same seed where there are any. */
function graphsFor(file: ConformanceFile, files: readonly ConformanceFile[]): readonly AssetGraph[] {
  const tables = files.filter(({ suite }) => suite === "selection");
  const ofSeed = tables.filter(({ seed }) => seed === file.seed);
  return (ofSeed.length > 0 ? ofSeed : tables).flatMap((table) => [...graphsOf(table).values()]).slice(0, 40);
}
