import { symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { CliProject } from "./cli-project";

let project: CliProject;
beforeEach(() => (project = new CliProject()));
afterEach(() => project.remove());

const sales = `
import { Asset, ConfigurableResource, Pipeline } from "millrace";
export class Api extends ConfigurableResource { baseUrl!: string; limit = 1; }
@Pipeline()
export class Sales {
  constructor(readonly api: Api) {}
  @Asset({ deps: ["nowhere"] }) orders(): number { return 1; }
}
`;

it("tells of files that cannot be imported beside the problems of those that can", async () => {
  project.write({
    "assets/broken.ts": "throw new RangeError('no such table');\n",
    "assets/sales.ts": sales,
    "definitions.ts": `
      import { Definitions, loadPipelines } from "millrace";
      export default async () => new Definitions({ pipelines: await loadPipelines("./assets/*.ts") });
    `,
  });
  const { code, stdout, stderr } = await project.run(["check"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr.replaceAll(project.root, "~")).toBe(
    [
      "The definitions have 3 problems:",
      "",
      "  1. assets/broken.ts cannot be imported: RangeError: no such table",
      "       thrown while ~/assets/broken.ts was imported, at ~/assets/broken.ts:1",
      "     → Mend what throws there; a module that Millrace imports may not fail while it is imported.",
      "",
      "  2. The constructor of Sales needs the resource Api, which is not in Definitions.resources.",
      "     at Sales (assets/sales.ts:4)",
      "     → Add to Definitions: resources: [Api.with({})].",
      "",
      '  3. No asset has the key "nowhere".',
      "     at Sales.orders (assets/sales.ts:7)",
      '     → Declare it, or list externalAsset({ key: "nowhere" }) in Definitions.assets if it is made elsewhere.',
      "",
    ].join("\n"),
  );
});

it("names fields that a resource lacks without reading the environment; a run may still be given them", async () => {
  project.write({
    "definitions.ts": `
      import { IsString } from "class-validator";
      import { Asset, ConfigurableResource, Definitions, Pipeline, env } from "millrace";
      class Api extends ConfigurableResource { @IsString() baseUrl!: string; @IsString() token!: string; }
      @Pipeline()
      class Sales { @Asset() orders(api: Api): string { return api.baseUrl; } }
      export default new Definitions({ pipelines: [Sales], resources: [Api.with({ token: env("NEVER_SET") })] });
    `,
  });
  symlinkSync(resolve(__dirname, "../../../node_modules/class-validator"), project.path("node_modules/class-validator"));
  expect(await project.run(["check"])).toMatchObject({
    code: 1,
    stderr: [
      "The definitions have 1 problem:",
      "",
      "  1. Api.baseUrl: it is missing (baseUrl must be a string). Api is needed by Sales.orders (definitions.ts:6).",
      "     at Api.with (definitions.ts:7)",
      '     → Write Api.with({ baseUrl: … }), or baseUrl: env("NAME") to read it when a run starts.',
      "",
    ].join("\n"),
  });
  const config = JSON.stringify({ resources: { Api: { baseUrl: "http://here" } } });
  expect(await project.run(["materialize", "--config", config], { env: { NEVER_SET: "token-token" } })).toMatchObject({ code: 0 });
});

it.each(["commonjs", "module"])(
  "names the rule and the setting that take a resource's class away, in a project of type %s",
  async (type) => {
    project.write({
      "package.json": JSON.stringify({ name: "shop", type }),
      "tsconfig.json": `{ "compilerOptions": { "verbatimModuleSyntax": true } }`,
      "api.ts": `import { ConfigurableResource } from "millrace";\nexport class Api extends ConfigurableResource { limit = 1; }\n`,
      "definitions.ts": `import { Asset, Definitions, Pipeline } from "millrace";
import type { Api } from "./api.js";
import { Api as Bound } from "./api.js";
@Pipeline()
class Sales {
  constructor(readonly api: Api) {}
  @Asset()
  orders(api: Api): number { return api.limit; }
}
export default new Definitions({ pipelines: [Sales], resources: [Bound.with({})] });
`,
    });
    const away =
      "If it is a class, import it without `type` (the lint rule consistent-type-imports and the setting verbatimModuleSyntax take such imports away); in tsconfig.json:\n" +
      '       "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true, "verbatimModuleSyntax": false }';
    expect((await project.run(["check"])).stderr).toBe(
      [
        "The definitions have 2 problems:",
        "",
        "  1. Parameter 1 of the constructor of Sales has the type Object at run time, which is no resource.",
        "     at Sales (definitions.ts:4)",
        `     → Take resources by their class. ${away}`,
        "",
        '  2. Parameter "api" of Sales.orders has the type Object at run time, which tells nothing about where its value comes from.',
        "     at Sales.orders (definitions.ts:7)",
        `     → If it is the value of an asset, write @Own("method") or @Input(Class, "method") before it. ${away}`,
        "",
      ].join("\n"),
    );
  },
);
