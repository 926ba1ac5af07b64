import { join } from "node:path";
import { createProject, dist, type System } from "./project";

describe.each<System>(["commonjs", "module"])("codeVersion in a project of type %s", (system) => {
  const create = () =>
    createProject(system, {
      "package-lock.json": "{}",
      "lib/b.ts": "export const b: number = 1;",
      "unused.ts": "export {};",
      "data.cjs": "module.exports = 1;",
      "a.ts": `import { b } from "./lib/b.js"; import data from "./data.cjs"; export const a = [b, data];`,
      "probe.cjs": `const { importUserModule } = require(${JSON.stringify(join(dist, "import-module.js"))});
        importUserModule("a.ts").then(() => {
          const { loadedModules } = require(${JSON.stringify(join(dist, "loaded-modules.js"))});
          console.log(JSON.stringify({ version: require(${JSON.stringify(join(dist, "code-version.js"))}).codeVersion(), paths: [...loadedModules().keys()].sort() }));
        });`,
    });
  const read = (project: ReturnType<typeof create>) => {
    const { stdout, stderr } = project.run("probe.cjs", { flags: [] });
    expect(stderr).toBe("");
    return JSON.parse(stdout) as { version: string; paths: string[] };
  };

  it("covers the loaded user modules and nothing of a dependency", () => {
    const project = create();
    expect(read(project).paths).toEqual(["a.ts", "data.cjs", "lib/b.ts"].map((name) => join(project.root, name)));
    project.remove();
  });

  it("is the same in another folder, and changes with a loaded file or the lock file only", () => {
    const [one, other] = [create(), create()];
    const { version } = read(one);
    expect(version).toMatch(/^[0-9a-f]{64}$/);
    expect(read(other).version).toBe(version);
    other.write({ "unused.ts": "export const changed = 1;" });
    expect(read(other).version).toBe(version);
    other.write({ "lib/b.ts": "export const b: number = 2;" });
    const edited = read(other).version;
    expect(edited).not.toBe(version);
    other.write({ "package-lock.json": "{ }" });
    expect(new Set([version, edited, read(other).version]).size).toBe(3);
    one.remove();
    other.remove();
  });
});
