import { join } from "node:path";
import { createProject, dist, type Project, type System } from "./project";

/** Each decorator tells the line it is told it stands on, by the stack of the call that made it. */
const tell = `
import { relative } from "node:path";
const lines: string[] = [];
export function at(name: string, ..._: unknown[]): (...target: unknown[]) => void {
  const [, place = ""] = /\\(?([^( ]+:\\d+):\\d+\\)?$/.exec(new Error().stack!.split("\\n")[2]!) ?? [];
  lines.push(name + " " + relative(process.cwd(), place.replace("file://", "")));
  return () => undefined;
}
export const deep = { at };
process.on("exit", () => console.log(lines.join("\\n")));
`;

/** What a decorator is called ends with the line that it stands on. */
const classes = `import { at, deep } from "./tell.js";
// ünïcödé before a decorator: 日本語 🚀
@at("class Shop 3")
export class Shop {
  constructor(
    @at("constructor parameter 6") readonly api: string,
  ) {}

  @at("method with options 9", {
    description: \`several
    lines\`,
  })
  orders(): number[] { return []; }

  @at("first of two 15") @at("second of two 15")
  @at("third 16")
  joined(@at("parameter 17") a: number, @at("parameter 17") b: number, c: number,
    @at("parameter 18") d: number): number {
    @at("class in a method 19") class Inner {
      @at("method of a class in a method 20") joined(): void {}
    }
    void Inner;
    return a + b + c + d;
  }

  @at("static 26") static made(): void {}
  @at("field 27") field!: string;
  @at("accessor 28") get read(): number { return 1; }
  @at("quoted 29") "a name"(): void {}
  @at("computed 30") [Symbol.iterator](): void {}
  @deep.at("through an object 31") through(): void {}
  @at("call in a call 32",
    at("call in a call 33")) calls(): void {}
}

@at("second class 36") class Later { @at("method on the class's line 36") orders(): number[] { return []; } }

function factory(name: string): unknown {
  @at("class of a factory 39", { name })
  class Made {
    @at("method of a factory 41")
    orders(): number[] { return []; }
  }
  return Made;
}
const mixin = () => class { @at("member of a class expression 46") orders(): void {} };

export default @at("default class 48") class Default { @at("method of the default class 48") orders(): void {} }
void [Later, factory("a"), factory("b"), mixin(), new Shop("").joined(1, 2, 3, 4)];
`;

describe.each<System>(["commonjs", "module"])("a decorator of TypeScript in a project of type %s", (system) => {
  let project: Project;
  beforeEach(() => (project = createProject(system, { "tell.ts": tell, "classes.ts": classes })));
  afterEach(() => project.remove());

  it("is told by the line on which it stands, wherever that is, also from the cache", () => {
    const { stdout, stderr } = project.run("classes.ts");
    expect(stderr).toBe("");
    const told = stdout.trim().split("\n");
    expect(told.map((line) => line.replace(/ classes\.ts:\d+$/, ""))).toHaveLength(28);
    expect(told.filter((line) => !/ (\d+) classes\.ts:\1$/.test(line))).toEqual([]);
    expect(project.run("classes.ts").stdout).toBe(stdout);
  });

  it("keeps the lines of all else", () => {
    project.write({
      "classes.ts": `import { at } from "./tell.js";
@at("class 2") class A {
  @at("method 3", {
    of: (): number => 1,
  })
  m(row: { id: number }): void {
    throw new RangeError(String(row.id));
  }
}
try { new A().m({ id: 1 }); } catch (error) { console.log((error as Error).stack!.replace(/file:\\/\\//g, "")); }
`,
    });
    const { stdout } = project.run("classes.ts");
    const places = stdout.split("\n").map((line) => /classes\.ts:[\d:]+/.exec(line)?.[0]);
    expect(places.slice(1, 3)).toEqual(["classes.ts:7:11", "classes.ts:10:15"]);
  });

  it("is where a decorator that throws as it is applied is said to be", () => {
    project.write({
      "classes.ts": `const bad = (): MethodDecorator => () => { throw new RangeError("no"); };

class A {
  m(): void {}

  @bad()
  n(): void {}
}
void A;
`,
      "probe.cjs": `require(${JSON.stringify(join(dist, "import-module.js"))}).importUserModule("classes.ts").catch((error) =>
        console.log(error.cause.stack.split("\\n").map((line) => /classes\\.ts:\\d+/.exec(line)?.[0]).filter(Boolean).join()));`,
    });
    const lines = project.run("probe.cjs", { flags: [] }).stdout.trim().split(",");
    expect(lines[0]).toBe("classes.ts:1");
    expect(lines).toContain("classes.ts:6");
  });
});
