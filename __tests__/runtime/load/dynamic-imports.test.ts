import { join } from "node:path";
import { createProject, dist, type Project } from "./project";

describe("a CommonJS module that imports dynamically", () => {
  let project: Project;
  beforeEach(() => (project = createProject("commonjs")));
  afterEach(() => project.remove());

  /** What `a.ts` gave to its caller, and whether this process has taught `import`, which costs a thread. */
  const outcomeOf = (files: Record<string, string>): unknown => {
    project.write({
      ...files,
      "probe.cjs": `
        const { importUserModule } = require(${JSON.stringify(join(dist, "import-module.js"))});
        importUserModule("a.ts").then(({ word }) => word()).then((word) =>
          console.log(JSON.stringify({ word, taught: process[Symbol.for("millrace/typescript-import-registered")] === true })));`,
    });
    const { stdout, stderr } = project.run("probe.cjs", { flags: [] });
    expect(stderr).toBe("");
    return JSON.parse(stdout);
  };
  const esm = `export const word: string = "from a module";`;

  it.each([
    ["a literal path", `export const word = async () => (await import("./b.mjs")).word;`],
    ["a path made at run time", `const name = "b"; export const word = async () => (await import(\`./\${name}.mts\`)).word;`],
    ["a comment in between", `export const word = async () => (await import /* later */ (/* now */ "./b.mjs")).word;`],
  ])("gets TypeScript by %s", (_, text) => {
    expect(outcomeOf({ "a.ts": text, "b.mts": esm })).toEqual({ word: "from a module", taught: true });
  });

  it("gets TypeScript from JavaScript", () => {
    const files = { "a.ts": `export { word } from "./c.js";`, "c.js": `exports.word = async () => (await import("./b.mts")).word;` };
    expect(outcomeOf({ ...files, "b.mts": esm })).toEqual({ word: "from a module", taught: true });
  });

  it("gets TypeScript by a name that tsconfig.json gives it", () => {
    const files = {
      "tsconfig.json": `{ "compilerOptions": { "paths": { "@shop/*": ["./*"] } } }`,
      "a.ts": `export const word = async () => (await import("@shop/b.mjs")).word;`,
    };
    expect(outcomeOf({ ...files, "b.mts": esm })).toEqual({ word: "from a module", taught: true });
  });

  it("needs no thread for packages and for Node's own modules", () => {
    const text = `
      export const word = async () => {
        const { basename } = await import("node:path");
        await import("reflect-metadata");
        return basename("/x/from-a-package");
      };`;
    expect(outcomeOf({ "a.ts": text })).toEqual({ word: "from-a-package", taught: false });
  });
});
