import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { pack, repository, type InstalledProject, type Packed, type System } from "./packed";

const definitions = `
import { Asset, AssetContext, Definitions, Own, Pipeline } from "millrace";

export interface Order { readonly id: number; readonly amount: number }

@Pipeline({ group: "sales" })
export class Sales {
  @Asset({ description: "Orders as the shop gives them." })
  async rawOrders(context: AssetContext): Promise<Order[]> {
    context.log.info("fetching");
    return [{ id: 1, amount: 20 }, { id: 2, amount: -1 }];
  }

  @Asset()
  cleanOrders(@Own("rawOrders") orders: Order[]): Order[] {
    return orders.filter((order) => order.amount >= 0);
  }
}

export default new Definitions({ pipelines: [Sales] });
`;

const main = `
import { bootstrap, ref } from "millrace";
import { materialize, testContext } from "millrace/testing";
import { parseSelection, printSelection } from "millrace/model";
import { registerTypeScript } from "millrace/register";
import { Sales } from "./definitions.js";

async function main(): Promise<void> {
  registerTypeScript(); // a second time: nothing happens
  const millrace = await bootstrap(DEFINITIONS, { http: { port: 0 } });
  const { status } = await millrace.materialize("clean_orders+");
  const answer = await fetch(new URL("/health", millrace.url));
  await millrace.close();
  const result = await materialize([Sales]);
  const direct = await new Sales().rawOrders(testContext());
  console.log(JSON.stringify({
    status, health: answer.status, direct: direct.length, selection: printSelection(parseSelection("a  or b")),
    byRef: result.value(ref(Sales, "cleanOrders")).map((order) => order.id),
  }));
}
void main();
`;

/** What a module that is required and one that is imported have in common: everything. */
const oneInstance = `
import { createRequire } from "node:module";
import * as index from "millrace";
import * as model from "millrace/model";
import * as testing from "millrace/testing";
const require = createRequire(import.meta.url);
for (const [name, imported] of Object.entries({ "millrace": index, "millrace/model": model, "millrace/testing": testing })) {
  const required = require(name);
  const names = Object.keys(required).filter((key) => key !== "__esModule");
  const differing = names.filter((key) => imported[key] !== required[key]);
  if (names.length === 0) differing.push("it exports nothing");
  console.log(name, JSON.stringify(differing));
}
`;

const wrong = `
import { Asset, Input, Pipeline } from "millrace";
import { Sales } from "./definitions.js";
@Pipeline()
export class Wrong {
  @Asset() ids(@Input(Sales, "cleanOrders") orders: string[]): void { void orders; }
}
`;

describe("the package as npm packs it", () => {
  let packed: Packed;
  beforeAll(() => (packed = pack()), 60_000);
  afterAll(() => packed.remove());

  it("holds the compiled rooms with their types, the license and what a reader needs, and nothing else", () => {
    const unexpected = packed.files.filter((file) => !/^dist\/(src|decorators|runtime)\/[\w/.-]+\.(js|mjs|d\.ts|d\.mts)$/.test(file));
    // Compiled by the build, so that no query builder is loaded.
    const statements = ["postgres", "sqlite"].map((dialect) => `dist/src/storage/sql/statements.${dialect}.json`);
    expect(unexpected).toEqual(["CHANGELOG.md", "LICENSE", "README.md", ...statements, "package.json"]);
    const compiled = packed.files.filter((file) => file.endsWith(".js")).map((file) => file.slice("dist/".length, -"js".length) + "ts");
    expect(compiled.filter((source) => !existsSync(join(repository, source)))).toEqual([]);
    expect(compiled.length).toBeGreaterThan(100);
    expect(readFileSync(join(repository, "LICENSE"), "utf8")).toContain("Apache License\n                           Version 2.0");
  });

  it("says where it was built nowhere", () => {
    const naming = packed.files.filter((file) => readFileSync(join(repository, file), "utf8").includes(repository));
    expect(naming).toEqual([]);
  });

  describe.each<System>(["commonjs", "module"])("installed into a project of type %s", (system) => {
    let project: InstalledProject;
    beforeAll(() => {
      const address = system === "commonjs" ? `"./definitions.ts"` : `new URL("./definitions.ts", import.meta.url)`;
      project = packed.install(system, { "definitions.ts": definitions, "main.ts": main.replace("DEFINITIONS", address) });
    });

    it("runs a pipeline by its command", () => {
      const { status, stdout, stderr } = project.run("node_modules/.bin/millrace", [], ["materialize", "--json"]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toContain("clean_orders");
      expect(project.run("node_modules/.bin/millrace", [], ["runs"]).stdout).toContain("SUCCESS");
    });

    it("runs it from a main script, and from a test, by all four entries", () => {
      const { status, stdout, stderr } = project.run("main.ts", ["--import", "millrace/register"]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(JSON.parse(stdout)).toEqual({ status: "SUCCESS", health: 200, direct: 2, selection: "a or b", byRef: [1] });
    });

    it("is one instance for those who require it and those who import it", () => {
      project.write({ "one.mjs": oneInstance });
      expect(project.run("one.mjs")).toEqual({ status: 0, stdout: "millrace []\nmillrace/model []\nmillrace/testing []\n", stderr: "" });
    });

    it.each([
      { compiler: "typescript-7", resolution: "node16", module: "node16" },
      { compiler: "typescript-7", resolution: "nodenext", module: "nodenext" },
      { compiler: "typescript-7", resolution: "bundler", module: "esnext" },
      { compiler: "typescript", resolution: "nodenext", module: "nodenext" },
    ])(
      "gives $compiler its types under moduleResolution $resolution, and they say no to a wrong input",
      ({ compiler, resolution, module }) => {
        const compilerOptions = {
          ...{ module, moduleResolution: resolution, target: "es2022", strict: true, noEmit: true, types: ["node"] },
          ...{ experimentalDecorators: true, emitDecoratorMetadata: true, isolatedModules: true },
        };
        project.write({ "wrong.ts": wrong, "tsconfig.json": JSON.stringify({ compilerOptions, files: ["main.ts", "wrong.ts"] }) });
        const home = join(repository, "node_modules", compiler);
        const { bin } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { readonly bin: { readonly tsc: string } };
        const { stdout } = spawnSync(process.execPath, [join(home, bin.tsc), "-p", "."], { cwd: project.root, encoding: "utf8" });
        expect(stdout.replace(/^ .*\n/gm, "").split("\n")).toEqual([expect.stringMatching(/^wrong\.ts\(6,\d+\): error TS1239: /), ""]);
        expect(stdout).toContain('{ "upstream gives": Order[]; "parameter takes": string[]; }');
      },
      60_000,
    );
  });
});
