import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export const repository = resolve(__dirname, "../..");

export type System = "commonjs" | "module";

/** The package as it would be published: the tarball and the list of what is in it. */
export interface Packed {
  readonly files: readonly string[];
  /** A project into which the tarball is installed. */
  install(system: System, files: Readonly<Record<string, string>>): InstalledProject;
  remove(): void;
}

export interface InstalledProject {
  readonly root: string;
  write(files: Readonly<Record<string, string>>): void;
  /** Installs one more physical copy of the package below a folder of the project. */
  installCopy(folder: string): void;
  /** Runs a file with Node: `flags` come before it, `args` behind it. */
  run(file: string, flags?: readonly string[], args?: readonly string[]): { status: number | null; stdout: string; stderr: string };
}

/** Packs what is built, as `npm pack` does. */
export function pack(): Packed {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-package-")));
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const listed = execFileSync(npm, ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: repository,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  // npm 12 keys the list by package, npm 10 and 11 give an array.
  const [entry] = Object.values(JSON.parse(listed) as Record<string, { filename: string; files: { path: string }[] }>);
  let projects = 0;
  return {
    files: entry!.files.map(({ path }) => path).sort(),
    install: (system, files) =>
      installInto(join(folder, `project-${projects++}`), { tarball: join(folder, entry!.filename), system, files }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Installation {
  readonly tarball: string;
  readonly system: System;
  readonly files: Readonly<Record<string, string>>;
}

function installInto(root: string, { tarball, system, files }: Installation): InstalledProject {
  mkdirSync(root);
  const write: InstalledProject["write"] = (entries) => {
    for (const [name, text] of Object.entries(entries)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
  };
  const installCopy = (folder: string) => unpack(tarball, join(root, folder, "node_modules"));
  installCopy(".");
  link("node_modules/@types/node", root);
  write({ "package.json": JSON.stringify({ name: "shop", private: true, type: system }), ...files });
  return {
    root,
    write,
    installCopy,
    run: (file, flags = [], args = []) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file, ...args], optionsFor(root));
      return { status, stdout, stderr };
    },
  };
}

function optionsFor(cwd: string) {
  return { cwd, encoding: "utf8" as const, env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" } };
}

/** What `npm install` does with a tarball: the files, the packages it names (and no others), and the command. */
function unpack(tarball: string, modules: string): void {
  const home = join(modules, "millrace");
  mkdirSync(home, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", home, "--strip-components=1"]);
  const { dependencies, bin } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
    bin: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) link(join("node_modules", name), dirname(modules));
  mkdirSync(join(modules, ".bin"));
  for (const [name, file] of Object.entries(bin)) symlinkSync(join("../millrace", file), join(modules, ".bin", name));
}

function link(path: string, into: string): void {
  mkdirSync(dirname(join(into, path)), { recursive: true });
  symlinkSync(join(repository, path), join(into, path));
}
