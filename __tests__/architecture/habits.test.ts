import ts from "typescript";
import { parse, type SourceText, sourcesIn } from "./imports";

const files = sourcesIn("src", "decorators", "runtime");

/** `path:line` of every node that `wanted` picks. */
function places(sources: readonly SourceText[], wanted: (node: ts.Node) => boolean): string[] {
  return sources.flatMap(({ path, source }) => {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (wanted(node)) found.push(`${path}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

const isNamed = (node: ts.Node, ...names: string[]): boolean => ts.isIdentifier(node) && names.includes(node.text);

const readsClock = (node: ts.Node): boolean =>
  (ts.isPropertyAccessExpression(node) && isNamed(node.expression, "Date") && node.name.text === "now") ||
  (ts.isNewExpression(node) && isNamed(node.expression, "Date") && !node.arguments?.length) ||
  (ts.isCallExpression(node) && isNamed(node.expression, "Date"));

const throwsBare = (node: ts.Node): boolean =>
  ts.isThrowStatement(node) &&
  (ts.isNewExpression(node.expression) || ts.isCallExpression(node.expression)) &&
  isNamed(node.expression.expression, "Error", "TypeError", "RangeError", "SyntaxError", "AggregateError");

const readsEnvironment = (node: ts.Node): boolean =>
  ts.isPropertyAccessExpression(node) && isNamed(node.expression, "process") && node.name.text === "env";

it("reads the clock in src/base/clock.ts only", () => {
  const bad = parse("src/a.ts", "Date.now();\nnew Date();\nDate();\nnew Date(0);\nDate.parse('');\nlet d: Date;");
  expect(places([bad], readsClock)).toEqual(["src/a.ts:1", "src/a.ts:2", "src/a.ts:3"]);
  const found = places(files, readsClock);
  expect(found.filter((place) => place.startsWith("src/base/clock.ts:"))).not.toEqual([]); // or this test would look at nothing
  expect(found.filter((place) => !place.startsWith("src/base/clock.ts:"))).toEqual([]);
});

it("throws no bare Error", () => {
  const bad = parse("src/a.ts", "throw new Error('x');\nthrow TypeError('x');\nthrow new ConfigError('A.B', 'x');\nthrow error;");
  expect(places([bad], throwsBare)).toEqual(["src/a.ts:1", "src/a.ts:2"]);
  expect(places(files, ts.isThrowStatement).length).toBeGreaterThan(0); // or this test would look at nothing
  expect(places(files, throwsBare)).toEqual([]);
});

it("reads the environment of the process, below the runtime, in src/config/env.ts only", () => {
  expect(places([parse("src/a.ts", "process.env.HOME;\nprocess['env'];\nprocess.cwd();")], readsEnvironment)).toEqual(["src/a.ts:1"]);
  const below = files.filter(({ path }) => !path.startsWith("runtime/"));
  expect(below.length).toBeGreaterThan(10);
  expect(places(below, readsEnvironment).filter((place) => !place.startsWith("src/config/env.ts:"))).toEqual([]);
});

it("names every file in kebab-case after its one concept", () => {
  const badName = ({ path }: { path: string }): boolean =>
    !/(^|\/)[a-z0-9]+(-[a-z0-9]+)*\.m?ts$/.test(path) || /\/(utils?|helpers?|common|manager|misc)\.ts$/.test(path);
  expect(["src/a/utils.ts", "src/a/runStore.ts", "src/a/run-store.ts"].filter((path) => badName({ path }))).toHaveLength(2);
  expect(files.filter(badName).map(({ path }) => path)).toEqual([]);
});
