import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureInChild } from "./_child.js";
import { median } from "./_median.js";

const CLASSES = 200;
const ASSETS_EACH = 50;
const TURNS = 5;

export const GOALS = { scan_s: "≤ 0.5", rss_mb: "≤ 100" };
export const PEERS = { decorate_s: "7.7 (Dagster, with the graph)" };

/**
 * 10,000 assets in 200 classes, one module each, compiled before: seconds to import (and so decorate) them, seconds of scan and check beyond
 * that, and the megabytes that the process grows by meanwhile. Medians of 5 new processes.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    writeProject(folder);
    await measureInChild(program(folder)); // fills the cache of compiled modules
    const figures: Record<string, number>[] = [];
    for (let turn = 0; turn < TURNS; turn++) figures.push(await measureInChild(program(folder)));
    return Object.fromEntries(
      ["decorate_s", "scan_s", "rss_mb"].map((name) => [name, median(figures.map((one) => one[name] ?? Number.NaN))]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function program(folder: string): string {
  return `
    const { scanDefinitions } = require("./dist/runtime/scan/scan-definitions.js");
    const { jsonSchemaOf } = require("./dist/src/config/json-schema.js");
    const { importUserModule } = require("./dist/runtime/load/import-module.js");
    require("millrace");
    const startMs = performance.now();
    const module = await importUserModule(${JSON.stringify(join(folder, "definitions.ts"))});
    const importedMs = performance.now();
    gc();
    const before = process.memoryUsage().rss;
    const scanMs = performance.now();
    const resolved = await scanDefinitions(module.default, "definitions.ts", { schemaOf: jsonSchemaOf });
    const doneMs = performance.now();
    const after = process.memoryUsage().rss;
    if (resolved.catalog.assets.length !== ${CLASSES * ASSETS_EACH}) throw new Error("Not every asset was found.");
    return { decorate_s: (importedMs - startMs) / 1000, scan_s: (doneMs - scanMs) / 1000, rss_mb: (after - before) / 2 ** 20 };`;
}

function writeProject(folder: string): void {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(process.cwd(), join(folder, "node_modules", "millrace"));
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, "tsconfig.json"), '{"compilerOptions":{"experimentalDecorators":true,"emitDecoratorMetadata":true}}');
  const names = Array.from({ length: CLASSES }, (_, at) => `Pipeline${at}`);
  names.forEach((name, at) => writeFileSync(join(folder, `${name}.ts`), moduleOf(name, names[at - 1])));
  const imports = names.map((name) => `import { ${name} } from "./${name}.js";`).join("\n");
  writeFileSync(
    join(folder, "definitions.ts"),
    `import { Definitions } from "millrace";\n${imports}\nexport default new Definitions({ pipelines: [${names.join(", ")}] });\n`,
  );
}

/** A class whose assets each take the one before and, where there is a class before, one of its. */
function moduleOf(name: string, before: string | undefined): string {
  const methods = Array.from({ length: ASSETS_EACH }, (_, at) => {
    const inputs = [
      ...(at > 0 ? [`@Own("asset${at - 1}") previous: number`] : []),
      ...(before === undefined ? [] : [`@Input(${before}, "asset${at}") other: number`]),
    ];
    return `
  @Asset({ group: "group_${at % 10}", tags: { layer: "${at % 5}" }, kinds: ["bench"], owners: ["team:data"] })
  asset${at}(${inputs.join(", ")}): number {
    return ${at};
  }`;
  });
  return `import { Asset, Input, Own, Pipeline } from "millrace";
${before === undefined ? "" : `import { ${before} } from "./${before}.js";\n`}
@Pipeline({ keyPrefix: "${name.toLowerCase()}" })
export class ${name} {${methods.join("\n")}
}
`;
}
