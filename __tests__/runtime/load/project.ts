import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const repository = resolve(__dirname, "../../..");

/** Where the compiled rooms are: the processes that these tests start run what a user would run. */
export const dist = join(repository, "dist/runtime/load");

export type System = "commonjs" | "module";

export interface Project {
  readonly root: string;
  write(files: Readonly<Record<string, string>>): void;
  /** Runs a file under the `millrace/register` hooks. */
  run(
    file: string,
    options?: { flags?: string[]; env?: Record<string, string> },
  ): { status: number | null; stdout: string; stderr: string };
  remove(): void;
}

/** A project in a temporary folder that has Millrace installed. */
export function createProject(system: System, files: Readonly<Record<string, string>> = {}): Project {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "millrace-load-")));
  mkdirSync(join(root, "node_modules"));
  symlinkSync(repository, join(root, "node_modules/millrace"));
  symlinkSync(join(repository, "node_modules/reflect-metadata"), join(root, "node_modules/reflect-metadata"));
  const write: Project["write"] = (entries) => {
    for (const [name, text] of Object.entries(entries)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
  };
  write({ "package.json": JSON.stringify({ name: "shop", type: system }), ...files });
  return {
    root,
    write,
    run: (file, { flags, env } = {}) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [...(flags ?? ["--import", "millrace/register"]), file], {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, NODE_OPTIONS: "", ...env },
      });
      return { status, stdout, stderr };
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A decorator that prints the parameter types it sees. */
export const decorators = `
import "reflect-metadata";
export function Show(): MethodDecorator {
  return (target, key) => {
    const types = Reflect.getMetadata("design:paramtypes", target, key) as unknown[];
    console.log(types.map((type) => (typeof type === "function" ? type.name : JSON.stringify(type))).join(" "));
  };
}
`;
