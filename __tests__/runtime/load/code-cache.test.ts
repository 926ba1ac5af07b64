import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createProject, dist, type Project } from "./project";

const FILES = {
  "node_modules/plain/index.js": `exports.told = {
      own: this === exports && module.exports === exports && module.filename === __filename,
      folder: __dirname, main: require.main.filename, resolved: require.resolve("./part"), from: require.resolve("part", { paths: [__dirname + "/sub"] }),
      paths: require.resolve.paths("x"), cached: Object.keys(require.cache).length > 0, extensions: Object.keys(require.extensions).includes(".js"),
      parent: module.parent.filename, children: (require("./part"), module.children.length), part: require("./part") };`,
  "node_modules/plain/part.js": `#!/usr/bin/env node\nmodule.exports = "part of it";`,
  "node_modules/plain/sub/node_modules/part/index.js": "",
  "node_modules/later/index.js": `exports.later = () => import("./module.mjs");`,
  "node_modules/later/module.mjs": "export const value = 7;",
  "node_modules/esm/package.json": `{"type":"module"}`,
  "node_modules/esm/index.js": "export const esm = 8;",
  "node_modules/untold/index.js": "export const untold = 9;",
  "node_modules/broken/index.js": "const a = 1;\nlet b = ;\n",
  "node_modules/throws/index.js": `throw new Error("from the first line");`,
  "node_modules/strict/index.js": `"use strict"; exports.strict = (function () { return this === undefined; })();`,
  "probe.cjs": `
    require(${JSON.stringify(join(dist, "code-cache.js"))}).keepCompiledCode(__dirname);
    const tried = (name) => { try { return require(name); } catch (error) { return [error.name, error.message, error.stack.split("\\n").slice(0, 2)]; } };
    const told = ["plain", "esm", "untold", "broken", "throws", "strict"].map(tried);
    require("later").later().then((module) => console.log(JSON.stringify([...told, module])));`,
};

describe("compiled code that is kept", () => {
  let project: Project;
  beforeEach(() => (project = createProject("commonjs", FILES)));
  afterEach(() => project.remove());

  const told = (env: Record<string, string> = {}): unknown => {
    const { stdout, status } = project.run("probe.cjs", { flags: [], env });
    expect(status).toBe(0);
    return JSON.parse(stdout);
  };
  const kept = (): string => {
    const folder = join(project.root, "node_modules/.cache/millrace");
    const [file, ...others] = readdirSync(folder);
    expect([file, others]).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.code$/), []]);
    return join(folder, file ?? "");
  };

  it("runs every kind of module as Node runs it, when it is made and when it is taken", () => {
    const asNode = told({ NODE_DISABLE_COMPILE_CACHE: "1" }) as unknown[];
    expect(asNode.slice(1, 3).concat(asNode.slice(5))).toEqual([{ esm: 8 }, { untold: 9 }, { strict: true }, { value: 7 }]);
    expect(told()).toEqual(asNode);
    expect(told()).toEqual(asNode);
  });

  it("is written once, and again only for a module that is new or was changed", () => {
    told();
    const [file, { ino, size }] = [kept(), statSync(kept())];
    told();
    expect(statSync(file).ino).toBe(ino);
    project.write({ "node_modules/plain/part.js": `module.exports = "longer than before";` });
    told();
    expect(statSync(file).size).not.toBe(size);
  });

  it("is not that of an earlier text, not even of one of the same length", () => {
    const strict = (value: unknown): void => expect((told() as unknown[])[5]).toEqual({ strict: value });
    strict(true);
    project.write({ "node_modules/strict/index.js": FILES["node_modules/strict/index.js"].replace("=== undefined", "!== undefined") });
    strict(false);
    strict(false);
  });

  it("is made anew when it is damaged", () => {
    const first = told();
    const bytes = readFileSync(kept());
    const half = bytes.length >>> 1;
    for (const damaged of [bytes.subarray(0, half), Buffer.alloc(bytes.length), Buffer.from(bytes).fill(0, half)]) {
      writeFileSync(kept(), damaged);
      expect(told()).toEqual(first);
      expect(statSync(kept()).size).toBe(bytes.length);
    }
  });
});
