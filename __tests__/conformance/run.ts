import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { judgeTables, type Report } from "./judge-tables.js";
import { suites } from "./suites.js";

const USAGE = "Usage: npm run conformance -- DIR [--suite NAME]... [--json]";

/** One JSON line a table on stdout, failures on stderr. Gives the exit code: 1 when a case fails, 2 when nothing was asked that can be judged. */
export function main(argv: readonly string[]): number {
  const options = readOptions(argv);
  if (options === undefined) return 2;
  try {
    return judged(options);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    console.error(error.message);
    return 2;
  }
}

interface Options {
  readonly folder: string;
  readonly only: readonly string[];
  readonly json: boolean;
}

function judged(options: Options): number {
  const reports = judgeTables(options.folder, suites, options.only, (line) => console.error(line));
  if (reports.length === 0) {
    console.error(`No table of ${options.only.join(", ") || "any suite"} in ${options.folder}.`);
    return 2;
  }
  for (const { byRule: _byRule, ...report } of reports) console.log(JSON.stringify(report));
  if (!options.json) console.error(summary(reports));
  return reports.some(({ failed }) => failed > 0) ? 1 : 0;
}

function readOptions(argv: readonly string[]): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { suite: { type: "string", multiple: true, default: [] }, json: { type: "boolean", default: false } },
    });
    const [folder, ...others] = positionals;
    if (folder !== undefined && others.length === 0 && statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      return { folder, only: values.suite, json: values.json };
    }
    console.error(folder === undefined || others.length > 0 ? USAGE : `There is no folder ${folder}.\n${USAGE}`);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
  return undefined;
}

function summary(reports: readonly Report[]): string {
  const sum = (count: (report: Report) => number) => reports.reduce((total, report) => total + count(report), 0);
  const unsupported = reports.filter(({ unsupported }) => unsupported).length;
  const rules = new Map<string, number>();
  for (const { byRule } of reports) for (const [rule, count] of byRule ?? []) rules.set(rule, (rules.get(rule) ?? 0) + count);
  const deviations = [...rules].map(([rule, count]) => `${count} judged by "${rule}"\n`).join("");
  return `${deviations}${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed, ${sum(({ skipped }) => skipped)} skipped, ${unsupported} tables of suites that are not known`;
}
