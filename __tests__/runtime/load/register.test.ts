import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createProject, decorators, type Project, type System } from "./project";

const types = `
export interface Revenue { amount: number }
export type Amount = { value: number };
export enum Level { Low, High }
export class Customer {}
export default interface Receipt { id: string }
`;
const main = `
import { Show } from "./decorators.js";
import Receipt, { Revenue, Amount, Level, Customer as Client } from "./types.js";
import { Customer } from "./types.js";
class Assets {
  @Show() orders(a: Revenue, b: Amount, c: Level, d: Client, e: Receipt, f: Date, g: string) { return [a, b, c, d, e, f, g]; }
  @Show() clients(a: Customer) { return a ?? new Customer(); }
}
void Assets;
`;

describe.each<System>(["commonjs", "module"])("millrace/register in a project of type %s", (system) => {
  let project: Project;
  beforeEach(() => (project = createProject(system, { "decorators.ts": decorators, "types.ts": types, "main.ts": main })));
  afterEach(() => project.remove());

  const flags = [
    ["--import", "millrace/register"],
    ["--require", "millrace/register"],
  ];

  it.each(flags)("gives decorators the types of an interface, an alias, an enum and a class (%s)", (...flag) => {
    const { stdout, stderr } = project.run("main.ts", { flags: flag });
    expect(stderr).toBe("");
    expect(stdout).toBe('Object Object {"0":"Low","1":"High","Low":0,"High":1} Customer Object Date String\nCustomer\n');
  });

  it("gives the same on a warm cache, and transpiles nothing again", () => {
    const first = project.run("main.ts");
    const cache = join(project.root, "node_modules/.cache/millrace");
    const written = () => readdirSync(cache).map((name) => [name, statSync(join(cache, name)).mtimeMs]);
    const before = written();
    expect(before).toHaveLength(3);
    expect(project.run("main.ts")).toEqual(first);
    expect(written()).toEqual(before);
  });

  it("transpiles an edited file again", () => {
    project.write({ "say.ts": `const word: string = "one"; console.log(word);` });
    expect(project.run("say.ts").stdout).toBe("one\n");
    project.write({ "say.ts": `const word: string = "two"; console.log(word);` });
    expect(project.run("say.ts").stdout).toBe("two\n");
  });

  it("transpiles again when tsconfig.json changes an option that decides the text", () => {
    project.write({ "fields.ts": `class A { x!: number }\nconsole.log("x" in new A());` });
    const tsconfig = (useDefineForClassFields: boolean) =>
      project.write({ "tsconfig.json": JSON.stringify({ compilerOptions: { useDefineForClassFields } }) });
    tsconfig(true);
    expect(project.run("fields.ts").stdout).toBe("true\n");
    tsconfig(false);
    expect(project.run("fields.ts").stdout).toBe("false\n");
    tsconfig(true);
    expect(project.run("fields.ts").stdout).toBe("true\n");
  });

  it("runs the same with errors of types as without", () => {
    const text = `const count: number = 1; export const twice = (n: number): number => n * 2; console.log(twice(count));`;
    project.write({
      "right.ts": text,
      "wrong.ts": text.replace("const count: number = 1", `const count: Missing<string> = 1 as never as string`),
    });
    expect(project.run("wrong.ts")).toEqual(project.run("right.ts"));
    expect(project.run("wrong.ts")).toEqual({ status: 0, stdout: "2\n", stderr: "" });
  });

  it("gives decorators their types also where tsconfig.json says verbatimModuleSyntax, which would take them away", () => {
    const plain = project.run("main.ts");
    project.write({ "tsconfig.json": `{ "compilerOptions": { "verbatimModuleSyntax": true, "isolatedModules": true } }` });
    expect(project.run("main.ts")).toEqual(plain);
  });

  it("prints stacks with the lines of the source", () => {
    project.write({
      "fail.ts": `interface Row {\n  id: number;\n}\n\nexport function fail(row: Row): never {\n  throw new RangeError(String(row.id));\n}\nfail({ id: 7 });\n`,
    });
    const { status, stderr } = project.run("fail.ts");
    expect(status).toBe(1);
    expect(stderr).toContain(join(project.root, "fail.ts:6:9"));
    expect(stderr).toContain(join(project.root, "fail.ts:8:1"));
  });

  it("honours paths and baseUrl of tsconfig.json", () => {
    project.write({
      "tsconfig.json": `{ "compilerOptions": { "paths": { "@shop/*": ["./lib/*"] } } } // comments are fine`,
      "lib/price.ts": `export const price: number = 12;`,
      "paths.ts": `import { price } from "@shop/price"; console.log(price);`,
    });
    expect(project.run("paths.ts")).toMatchObject({ stdout: "12\n", stderr: "" });
  });

  it("finds files without their extension, and the index of a folder", () => {
    project.write({
      "lib/index.ts": `export * from "./a";`,
      "lib/a.ts": `export const a: number = 1;`,
      "use.ts": `import { a } from "./lib"; console.log(a);`,
    });
    expect(project.run("use.ts")).toMatchObject({ stdout: "1\n", stderr: "" });
  });

  it("prefers a source to the file that a build left beside it", () => {
    project.write({
      "a.ts": `export const a: string = "source";`,
      "a.js": `throw new Error("stale")`,
      "use.ts": `import { a } from "./a.js"; console.log(a);`,
    });
    expect(project.run("use.ts")).toMatchObject({ stdout: "source\n", stderr: "" });
  });

  it("runs with a class's own name and defined fields", () => {
    project.write({
      "use.ts": `const dec = (c: unknown) => undefined as never;\n@dec class A { static me = () => A.name; x!: number }\nconsole.log(A.me(), Object.keys(new A()));`,
    });
    expect(project.run("use.ts")).toMatchObject({ stdout: "A [ 'x' ]\n", stderr: "" });
  });

  it("reports a syntax error with file, line and column", () => {
    project.write({ "bad.ts": "const a = 1;\nlet b = ;\n" });
    const { status, stderr } = project.run("bad.ts");
    expect(status).toBe(1);
    expect(stderr).toContain(`Syntax error in ${join(project.root, "bad.ts")}:2:1`);
  });
});

describe("the two systems together", () => {
  it("lets an ES module import a CommonJS file by names, one instance for both", () => {
    const project = createProject("module", {
      "inner.cts": `export const inner: number = 2;`,
      "state.cts": `export const state: { n: number } = { n: 1 }; export * from "./inner.cjs";`,
      "main.mts": `import { createRequire } from "node:module"; import { state, inner } from "./state.cjs"; console.log(state.n, inner, createRequire(import.meta.url)("./state.cts").state === state);`,
    });
    expect(project.run("main.mts")).toMatchObject({ stdout: "1 2 true\n", stderr: "" });
    project.remove();
  });

  it("keeps require.main in a CommonJS main file", () => {
    const project = createProject("commonjs", { "main.ts": `console.log(require.main === module);` });
    expect(project.run("main.ts")).toMatchObject({ stdout: "true\n", stderr: "" });
    expect(project.run("main.ts", { flags: ["--require", "millrace/register"] })).toMatchObject({ stdout: "true\n", stderr: "" });
    project.remove();
  });
});
