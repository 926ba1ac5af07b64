import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { judgeTables } from "./judge-tables.js";
import { suites } from "./suites.js";

const root = resolve(__dirname, "../..");
const folder = join(process.env.MILLRACE_FIXTURES ?? resolve(root, "../shared/fixtures"), "conformance");

describe("conformance", () => {
  it("lists each rule that it deviates by in docs/deviations.md", () => {
    const headings =
      readFileSync(join(root, "docs/deviations.md"), "utf8")
        .match(/^## .*$/gm)
        ?.map((line) => line.slice(3)) ?? [];
    const rules = suites.flatMap(({ rules }) => rules);
    expect(rules.length).toBeGreaterThan(0);
    expect(rules.filter((rule) => !headings.includes(rule))).toEqual([]);
  });

  if (existsSync(folder)) {
    it.each(suites.map(({ name }) => name))("answers every case of the %s tables as expected", (name) => {
      const lines: string[] = [];
      const reports = judgeTables(folder, suites, [name], (line) => lines.push(line));
      expect(lines.filter((line) => !line.endsWith("ignored"))).toEqual([]);
      expect(reports.reduce((sum, { passed }) => sum + passed, 0)).toBeGreaterThan(0);
    });
  } else if (process.env.CI) {
    it("finds the tables in CI", () => {
      throw new TypeError(`There is no folder ${folder}. Set MILLRACE_FIXTURES to the folder that holds "conformance".`);
    });
  } else {
    it.skip(`answers every case of the tables (there is no folder ${folder}: set MILLRACE_FIXTURES)`, () => undefined);
  }
});
