import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "./run";

const wait = { maxRetries: 3, delay: 2, backoff: "linear", jitter: null, attempts: [1, 2] };
const right = { id: "right", given: wait, expect: { delays: [2, 4] } };
const wrong = { id: "wrong", given: wait, expect: { delays: [2, 5] } };
const quirk = { id: "quirk", given: wait, expect: { delays: [9, 9] }, quirk: "it counts from nine" };
const documented = { ...quirk, id: "documented", documented: { delays: [2, 4] } };

let folder: string;
let out: string[];
let err: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-tables-"));
  [out, err] = [[], []];
  jest.spyOn(console, "log").mockImplementation((line) => void out.push(String(line)));
  jest.spyOn(console, "error").mockImplementation((line) => void err.push(String(line)));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const table = (file: string, suite: string, cases: readonly object[]): void =>
  writeFileSync(join(folder, file), JSON.stringify({ suite, cases }));

it("prints a line for each file; a suite that is not known is unsupported, never passed; a quirk is skipped, or judged by what is documented", () => {
  table("a.json", "backoff", [right, quirk, documented]);
  table("b.json", "of-the-future", [right]);
  table("notes.json", undefined as never, []);
  expect(main([folder, "--json"])).toBe(0);
  expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
    { file: "a.json", suite: "backoff", passed: 2, failed: 0, skipped: 1, unsupported: false },
    { file: "b.json", suite: "of-the-future", passed: 0, failed: 0, skipped: 0, unsupported: true },
  ]);
  expect(err).toEqual(["notes.json: names no suite, ignored"]);
});

it("ends with 1 when a case fails, and tells its id, what was expected and what came on stderr", () => {
  table("a.json", "backoff", [right, wrong]);
  expect(main([folder, "--json"])).toBe(1);
  expect(out).toEqual(['{"file":"a.json","suite":"backoff","passed":1,"failed":1,"skipped":0,"unsupported":false}']);
  expect(err).toEqual([`a.json wrong: expected [[2,2],[5,5]], got [[2,2],[4,4]] for ${JSON.stringify(wait)}`]);
});

it("judges the suites that are named, and no others", () => {
  table("a.json", "backoff", [right]);
  table("b.json", "of-the-future", [right]);
  table("c.json", "topo", []);
  expect(main([folder, "--json", "--suite", "backoff", "--suite", "topo"])).toBe(0);
  expect(out.map((line) => (JSON.parse(line) as { file: string }).file)).toEqual(["a.json", "c.json"]);
  expect(main([folder, "--suite", "nothing"])).toBe(2);
});

it("ends with 2 when there is nothing to judge or a table is no JSON, and says which", () => {
  expect(main([join(folder, "nowhere")])).toBe(2);
  expect(main([])).toBe(2);
  writeFileSync(join(folder, "bad.json"), "{bad");
  expect(main([folder])).toBe(2);
  expect(err[0]).toBe(`There is no folder ${join(folder, "nowhere")}.\nUsage: npm run conformance -- DIR [--suite NAME]... [--json]`);
  expect(err[1]).toBe("Usage: npm run conformance -- DIR [--suite NAME]... [--json]");
  expect(err[2]).toMatch(/^bad\.json is no JSON: /);
});
