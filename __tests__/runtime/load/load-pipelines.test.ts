import { join } from "node:path";
import { createProject, dist, type Project, type System } from "./project";

describe.each<System>(["commonjs", "module"])("loadPipelines in a project of type %s", (system) => {
  let project: Project;
  const pipeline = (name: string) =>
    `export class ${name} {}\nObject.defineProperty(${name}, Symbol.for("millrace/declarations"), { value: [] });\n`;
  const load = `const { loadPipelines } = load;
    loadPipelines("./pipelines/**/*.ts").then(
      (classes: Function[]) => console.log(classes.map((c) => c.name).join()),
      (error: Error) => console.log(error.message));`;
  const importLoad = (file: string) =>
    system === "commonjs" ? `const load = require(${JSON.stringify(file)});` : `import load from ${JSON.stringify(file)};`;

  beforeEach(() => {
    project = createProject(system, {
      "src/main.ts": `${importLoad(join(dist, "load-pipelines.js"))}\n${load}`,
      "src/pipelines/b.ts": pipeline("B") + `export { A } from "./a.js";\nexport class Base {}\n`,
      "src/pipelines/a.ts": pipeline("A") + `export class Child extends A {}\nexport const n: number = 1;\n`,
      "src/pipelines/types.d.ts": "not code",
    });
  });
  afterEach(() => project.remove());

  it("gives each declared class once, in order of path, relative to the calling file", () => {
    expect(project.run("src/main.ts")).toMatchObject({ stdout: "A,B\n", stderr: "" });
  });

  it("lists every file that cannot be imported in one error", () => {
    project.write({ "src/pipelines/c.ts": `throw new RangeError("broken c");`, "src/pipelines/d.ts": `throw new TypeError("broken d");` });
    expect(project.run("src/main.ts").stdout.replaceAll(project.root, "~")).toBe(
      [
        "2 files cannot be imported:",
        "  pipelines/c.ts: RangeError: broken c",
        "      thrown while ~/src/pipelines/c.ts was imported, at ~/src/pipelines/c.ts:1",
        "      → Mend what throws there; a module that Millrace imports may not fail while it is imported.",
        "  pipelines/d.ts: TypeError: broken d",
        "      thrown while ~/src/pipelines/d.ts was imported, at ~/src/pipelines/d.ts:1",
        "      → Mend what throws there; a module that Millrace imports may not fail while it is imported.",
        "",
      ].join("\n"),
    );
  });

  it("refuses a glob that no file matches", () => {
    project.write({ "src/main.ts": `${importLoad(join(dist, "load-pipelines.js"))}\n${load.replace("pipelines/**", "pipeline/**")}` });
    expect(project.run("src/main.ts").stdout).toContain(`No file matches "./pipeline/**/*.ts" in ${join(project.root, "src")}.`);
  });
});
