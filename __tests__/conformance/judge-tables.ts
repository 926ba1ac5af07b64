import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ConformanceCase, ConformanceFile, Suite, Verdict } from "./suite.js";

/** The outcome of one file, as the runner prints it. */
export interface Report {
  readonly file: string;
  readonly suite: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly unsupported: boolean;
  /** How many cases were judged by each wanted deviation. Not part of the line that is printed. */
  readonly byRule?: ReadonlyMap<string, number>;
}

/** Failures and ignored files, for people. */
export type Say = (line: string) => void;

/** Judges every table of a folder, in order of name; with names, only the tables of those suites. */
export function judgeTables(folder: string, suites: readonly Suite[], only: readonly string[], say: Say): Report[] {
  const named = readTables(folder, say);
  const files = named.map(({ table }) => table);
  return named
    .filter(({ table }) => only.length === 0 || only.includes(table.suite))
    .map(({ file, table }) => {
      const suite = suites.find(({ name }) => name === table.suite);
      return suite
        ? judgeTable(file, table, suite, files, say)
        : { file, suite: table.suite, passed: 0, failed: 0, skipped: 0, unsupported: true };
    });
}

function readTables(folder: string, say: Say): { file: string; table: ConformanceFile }[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .flatMap((file) => {
      const table = parsed(readFileSync(join(folder, file), "utf8"), file);
      if (typeof table.suite === "string" && Array.isArray(table.cases)) return [{ file, table: table as ConformanceFile }];
      say(`${file}: names no suite, ignored`);
      return [];
    });
}

function parsed(text: string, file: string): Partial<ConformanceFile> {
  try {
    return JSON.parse(text) as Partial<ConformanceFile>;
  } catch (error) {
    throw new SyntaxError(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function judgeTable(file: string, table: ConformanceFile, suite: Suite, files: readonly ConformanceFile[], say: Say): Report {
  const byRule = new Map<string, number>();
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const test of table.cases) {
    if (test.quirk !== undefined && test.documented === undefined) {
      skipped++;
      continue;
    }
    const verdict = judge(test, table, suite, files);
    if (verdict.passed && verdict.rule !== undefined) byRule.set(verdict.rule, (byRule.get(verdict.rule) ?? 0) + 1);
    if (verdict.passed) passed++;
    else {
      failed++;
      say(
        `${file} ${test.id}: expected ${JSON.stringify(verdict.expected)}, got ${JSON.stringify(verdict.actual)} for ${JSON.stringify(test.given)}`,
      );
    }
  }
  return { file, suite: table.suite, passed, failed, skipped, unsupported: false, byRule };
}

function judge(test: ConformanceCase, table: ConformanceFile, suite: Suite, files: readonly ConformanceFile[]): Verdict {
  const expect = test.documented ?? test.expect;
  try {
    return suite.judge(test, expect, table, files);
  } catch (error) {
    return { passed: false, expected: expect, actual: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}
