import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT } from "../../runtime/cli/exit-codes";
import type { IOManager } from "../../runtime/entries/index";
import { describeIOManager } from "../../runtime/entries/testing";
import { PostgresServer } from "../../tools/servers/postgres";
import { startFauxqs } from "../../tools/servers/s3";
import { createProject, type System } from "../runtime/load/project";
import { repository } from "./packed";

const readme = readFileSync(join(repository, "README.md"), "utf8");

/** The code block that holds `marker`. */
function blockWith(marker: string): string {
  const found = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!).filter((code) => code.includes(marker));
  if (found.length !== 1) throw new RangeError(`${found.length} blocks of README.md hold ${marker}`);
  return found[0]!;
}

describe.each<System>(["commonjs", "module"])("the example of the README, in a project of type %s", (system) => {
  it("runs as it stands", () => {
    const project = createProject(system, { "definitions.ts": blockWith("// definitions.ts") });
    try {
      const { status, stdout, stderr } = project.run("*", {
        flags: ["node_modules/millrace/dist/runtime/cli/main.js", "materialize", "--json"],
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      for (const said of ["raw_orders", "clean_orders", "has_orders", "fetching"]) expect(stdout).toContain(`"${said}"`);
    } finally {
      project.remove();
    }
  });
});

it("hands rows over as the README's third example says", () => {
  const project = createProject("commonjs", { "definitions.ts": blockWith("// shop.ts") });
  try {
    const { status, stdout, stderr } = project.run("*", { flags: ["node_modules/millrace/dist/runtime/cli/main.js", "materialize"] });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("revenue");
  } finally {
    project.remove();
  }
});

it("divides assets as the README's second example says", () => {
  const project = createProject("module", { "definitions.ts": blockWith("// sales.ts") });
  try {
    const { status, stdout, stderr } = project.run("*", { flags: ["node_modules/millrace/dist/runtime/cli/main.js", "backfill"] });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("32 partitions of 2 assets in 32 runs.");
  } finally {
    project.remove();
  }
});

it("goes from files to S3, and from SQLite to Postgres, by the three lines of the README", async () => {
  const [postgres, s3] = await Promise.all([PostgresServer.start(), startFauxqs()]);
  const files = threeLinesIn(blockWith("// shop.ts"));
  const project = createProject("module", { "definitions.ts": files.code });
  try {
    const { stdout, stderr, status } = project.run("*", {
      flags: ["node_modules/millrace/dist/runtime/cli/main.js", "materialize", "--json"],
      env: {
        S3_BUCKET: await s3.bucket(),
        S3_ENDPOINT_URL: s3.endpoint,
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        [files.variable]: await postgres.createDatabase("millrace"),
      },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("/millrace/revenue.parquet");
    expect(existsSync(join(project.root, ".millrace", "millrace.db"))).toBe(false);
  } finally {
    project.remove();
    await Promise.all([postgres.stop(), s3.stop()]);
  }
}, 120_000);

/** The code with what the README's difference adds and takes away, and the variable that it sets. */
function threeLinesIn(code: string): { readonly code: string; readonly variable: string } {
  const [, difference = ""] = /^```diff\n(.*?)^```$/ms.exec(readme) ?? [];
  const [added = "", removed = "", replacing = "", setting = ""] = difference.split("\n");
  expect(code).toContain(removed.slice(1));
  const variable = /^\+(\w+)=/.exec(setting)?.[1] ?? "";
  return { code: `${added.slice(1)}\n${code.replace(removed.slice(1), replacing.slice(1))}`, variable };
}

describe("the IO manager of the README", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-readme-"));
  const file = join(folder, "json-files.ts");
  writeFileSync(file, blockWith("extends IOManager"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const { JsonFiles } = jest.requireActual<{ JsonFiles: new () => IOManager }>(file);

  describeIOManager("JsonFiles", () => new JsonFiles(), { values: [{ a: 1 }, [{ id: 1 }, { id: 2 }], {}] });

  it("is ten lines of code", () => {
    const body = /^export class.*?^}/ms.exec(blockWith("extends IOManager"))![0].split("\n").slice(1, -1);
    expect(body.length).toBeLessThanOrEqual(10);
  });
});

it("lists every exit code", () => {
  const listed = [
    ...readme
      .split("## Exit codes")[1]!
      .split("\n## ")[0]!
      .matchAll(/\| (\d+) /g),
  ].map(([, code]) => Number(code));
  expect(listed.sort((a, b) => a - b)).toEqual(Object.values(EXIT).sort((a, b) => a - b));
});
