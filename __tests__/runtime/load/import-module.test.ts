import { join } from "node:path";
import { createProject, dist, type Project, type System } from "./project";

describe.each<System>(["commonjs", "module"])("importUserModule in a project of type %s", (system) => {
  let project: Project;
  beforeEach(() => (project = createProject(system)));
  afterEach(() => project.remove());

  const outcomeOf = (file: string, files: Record<string, string>): Record<string, string> => {
    project.write({
      ...files,
      "probe.cjs": `
        const { importUserModule } = require(${JSON.stringify(join(dist, "import-module.js"))});
        importUserModule(${JSON.stringify(file)}).then(
          (exports) => console.log(JSON.stringify({ exports: Object.keys(exports).sort().join() })),
          (error) => console.log(JSON.stringify({ name: error.name, code: error.code, message: error.message, cause: String(error.cause) })));`,
    });
    const { stdout, stderr } = project.run("probe.cjs", { flags: [] });
    expect(stderr).toBe("");
    return JSON.parse(stdout.replaceAll(project.root, "~")) as Record<string, string>;
  };

  it("gives the exports", () => {
    expect(outcomeOf("a.ts", { "a.ts": "export const a: number = 1; export default 2;" })).toEqual({ exports: "a,default" });
  });

  it("names the nearest sibling of a file that does not exist", () => {
    expect(outcomeOf("order.ts", { "orders.ts": "" })).toEqual({
      name: "DefinitionError",
      code: "DEFINITION.MODULE_NOT_FOUND",
      message: "There is no file ~/order.ts. Did you mean orders.ts?\n  → Write ~/orders.ts.",
      cause: "undefined",
    });
  });

  it("places a syntax error", () => {
    const outcome = outcomeOf("a.ts", { "a.ts": "const a = 1;\nlet b = ;\n" });
    expect(outcome.code).toBe("DEFINITION.SYNTAX");
    expect(outcome.message).toMatch(/^Syntax error in ~\/a\.ts:2:\d+: Expression expected\n/);
  });

  it("spells out a cycle of imports", () => {
    const outcome = outcomeOf("a.ts", {
      "a.ts": `import { B } from "./b.js";\nexport class A { b = new B(); }\n`,
      "b.ts": `import { A } from "./a.js";\nconst use = (c: unknown) => c;\nexport class B { static a = use(A); }\n`,
    });
    expect(outcome).toEqual({
      name: "DefinitionError",
      code: "DEFINITION.IMPORT_CYCLE",
      message:
        '"A" is used at ~/b.ts:3 before its module has run, because the imports form a cycle: b.ts → a.ts → b.ts.\n' +
        "  → Write ref(() => A, …) where the decorator names A, or move A to a file that imports neither.",
      cause: "ReferenceError: Cannot access 'A' before initialization",
    });
  });

  it("spells out a cycle that only decorated types close", () => {
    const outcome = outcomeOf("a.ts", {
      "a.ts": `import "reflect-metadata";\nimport { B } from "./b.js";\nexport class A { b = new B(); }\n`,
      "b.ts": `import { A } from "./a.js";\nconst dec = (): MethodDecorator => () => undefined;\nexport class B { @dec() m(a: A) { return a; } }\n`,
    });
    expect(outcome.code).toBe("DEFINITION.IMPORT_CYCLE");
    expect(outcome.message).toMatch(/^"A" is used at ~\/b\.ts:3 before its module has run/);
  });

  it("tells to move a class that is used above its declaration", () => {
    const outcome = outcomeOf("a.ts", { "a.ts": "const use = (c: unknown) => c;\nuse(Later);\nexport class Later {}\n" });
    expect(outcome.code).toBe("DEFINITION.USED_BEFORE_DECLARATION");
    expect(outcome.message).toBe(
      '"Later" is used at ~/a.ts:2 above its declaration.\n  → Move the declaration of Later above its first use, or write ref(() => Later, …).',
    );
  });

  it("puts a module's own error first, and keeps it as the cause", () => {
    const outcome = outcomeOf("a.ts", { "a.ts": "interface A {}\nthrow new RangeError('no orders');\nexport type { A };" });
    expect(outcome).toEqual({
      name: "DefinitionError",
      code: "DEFINITION.MODULE_THREW",
      message:
        "RangeError: no orders\n  thrown while ~/a.ts was imported, at ~/a.ts:2\n  → Mend what throws there; a module that Millrace imports may not fail while it is imported.",
      cause: "RangeError: no orders",
    });
  });

  it("names an import that cannot be found", () => {
    const outcome = outcomeOf("a.ts", { "a.ts": `import { b } from "no-such-package";\nconsole.log(b);` });
    expect(outcome.code).toBe("DEFINITION.IMPORT_NOT_FOUND");
    expect(outcome.message).toBe(
      '~/a.ts imports "no-such-package", which cannot be found.\n  → Run npm install no-such-package, or correct the name.',
    );
  });
});

describe("importUserModule", () => {
  const codeAndMessage = (system: System, files: Record<string, string>): string => {
    const project = createProject(system, {
      ...files,
      "probe.cjs": `require(${JSON.stringify(join(dist, "import-module.js"))}).importUserModule("a.ts").then(() => console.log("loaded"), (error) => console.log(error.code + " " + error.message));`,
    });
    const { stdout } = project.run("probe.cjs", { flags: [] });
    project.remove();
    return stdout.replaceAll(project.root, "~").trim();
  };

  it("tells what to do about a top-level await in CommonJS, and runs it in an ES module", () => {
    const files = { "a.ts": "export const a: number = await Promise.resolve(1);" };
    expect(codeAndMessage("module", files)).toBe("loaded");
    expect(codeAndMessage("commonjs", files)).toBe(
      'DEFINITION.TOP_LEVEL_AWAIT ~/a.ts is CommonJS, or is required by a CommonJS file, where "await" cannot stand at the top level.\n' +
        '  → Export a function instead, export default async () => { … }, or set "type": "module" in package.json.',
    );
  });

  it("tells to export a type as a type", () => {
    const files = { "a.ts": `export { Row } from "./row.js";`, "row.ts": "export interface Row { id: number }" };
    expect(codeAndMessage("module", files)).toMatch(
      /^DEFINITION\.EXPORT_NOT_FOUND ~\/a\.ts:1 names "Row" of ".\/row\.js", which exports no such value\./,
    );
  });
});
