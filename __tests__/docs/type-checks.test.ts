import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");
const read = (...path: string[]): string => readFileSync(join(root, ...path), "utf8");
const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? "");
const once = (names: readonly string[]): string[] => [...new Set(names)].sort();

const page = read("docs/type-checks.md");

it("has a row for every line that the compiler must refuse, and none beside", () => {
  const [, compiler = ""] = /## By the compiler([^]*?)\n## /.exec(page) ?? [];
  const rows = all(compiler, /^\|.*\| ([^|]+) \|$/gm).slice(2);
  const marks = all(read("__tests__/types/refused.ts"), /@ts-expect-error (.+)$/gm);
  expect(marks.length).toBeGreaterThan(20);
  expect(rows.flatMap((row) => row.split(";").map((mark) => mark.trim())).sort()).toEqual([...marks].sort());
});

it("has a row for every problem that the scan reports, and each has its text in a test", () => {
  const files = readdirSync(join(root, "runtime/scan")).filter((file) => file.endsWith(".ts") && file !== "scan-definitions.ts");
  const reported = files.flatMap((file) => all(read("runtime/scan", file), /"((?:DEFINITION|METADATA)\.[A-Z_]+)"/g));
  const codes = once(reported.filter((code) => code !== "DEFINITION.SCAN"));
  expect(codes.length).toBeGreaterThan(15);
  expect(once(all(page, /^\| `([A-Z_.]+)`/gm))).toEqual(codes);
  const tests = join("__tests__", "runtime", "scan");
  const texts = readdirSync(join(root, tests), { recursive: true, encoding: "utf8" }).filter((file) => /\.(ts|snap)$/.test(file));
  const told = new Set(
    texts.flatMap((file) => all(read(tests, file), /((?:DEFINITION|METADATA)\\?\.[A-Z_]+): /g)).map((code) => code.replace("\\", "")),
  );
  expect(codes.filter((code) => !told.has(code))).toEqual([]);
});
