import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DefinitionError, messageOf } from "../../src/base/errors.js";
import { type ImportFailure, tellImportFailures } from "./gather-import-failures.js";
import { importUserModule } from "./import-module.js";

/** Where {@link loadPipelines} looks. */
export interface LoadPipelinesOptions {
  /**
   * Folder that the globs are relative to.
   * @defaultValue the folder of the file that calls `loadPipelines`
   */
  readonly cwd?: string;
}

/** A class that carries pipeline declarations. */
export type PipelineClass = new (...args: never[]) => object;

const declarationSlot = Symbol.for("millrace/declarations");

/**
 * The pipeline classes that the matching files export, in order of path, then of export; each class once.
 * @param globs - such as `"./pipelines/*.ts"`; `node_modules` and `.d.ts` files never match
 * @throws {@link DefinitionError} `DEFINITION.MODULES_NOT_LOADED` with every file that cannot be imported, after all have been tried (while
 * Millrace loads a definitions module, they are problems of its scan instead, beside those of the files that can);
 * `DEFINITION.NO_FILES_MATCH` when no file matches
 */
export async function loadPipelines(globs: string | readonly string[], options: LoadPipelinesOptions = {}): Promise<PipelineClass[]> {
  const cwd = options.cwd === undefined ? callerFolder(loadPipelines) : resolve(options.cwd);
  const files = await matchingFiles(globs, cwd);
  const found = new Set<PipelineClass>();
  const failures: ImportFailure[] = [];
  for (const file of files) {
    try {
      for (const pipeline of pipelinesIn(await importUserModule(file))) found.add(pipeline);
    } catch (error) {
      failures.push({ file, error });
    }
  }
  if (failures.length > 0 && !tellImportFailures(failures)) throw notLoaded(failures, cwd);
  return [...found];
}

async function matchingFiles(globs: string | readonly string[], cwd: string): Promise<string[]> {
  const patterns = typeof globs === "string" ? [globs] : [...globs];
  const { glob } = require("tinyglobby") as typeof import("tinyglobby");
  const files = await glob(patterns, {
    cwd,
    absolute: true,
    expandDirectories: false,
    ignore: ["**/node_modules/**", "**/*.d.{ts,mts,cts}"],
  });
  if (files.length > 0) return files.map((file) => resolve(file)).sort();
  throw new DefinitionError(
    "DEFINITION.NO_FILES_MATCH",
    `No file matches ${patterns.map((pattern) => `"${pattern}"`).join(", ")} in ${cwd}.`,
    {
      fix: `Correct the glob, or pass { cwd } when it is not relative to the file that calls loadPipelines.`,
    },
  );
}

function pipelinesIn(exports: unknown): PipelineClass[] {
  if ((typeof exports !== "object" && typeof exports !== "function") || exports === null) return [];
  return [exports, ...Object.values(exports)].filter(isPipelineClass);
}

function isPipelineClass(value: unknown): value is PipelineClass {
  return typeof value === "function" && Object.hasOwn(value, declarationSlot);
}

function notLoaded(failures: readonly ImportFailure[], cwd: string): DefinitionError {
  const lines = failures.map(({ file, error }) => `${relative(cwd, file)}: ${messageOf(error)}`.replace(/\n/g, "\n    "));
  const count = failures.length === 1 ? "1 file" : `${failures.length} files`;
  const cause = failures.length === 1 ? failures[0]?.error : new AggregateError(failures.map(({ error }) => error));
  return new DefinitionError("DEFINITION.MODULES_NOT_LOADED", [`${count} cannot be imported:`, ...lines].join("\n  "), { cause });
}

/** The folder of the code that called `entry`. */
function callerFolder(entry: (...args: never[]) => unknown): string {
  const original = Error.prepareStackTrace;
  try {
    Error.prepareStackTrace = (_, sites) => sites[0]?.getFileName() ?? undefined;
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, entry);
    const file = holder.stack;
    if (typeof file !== "string") return process.cwd();
    return dirname(file.startsWith("file:") ? fileURLToPath(file) : file);
  } finally {
    Error.prepareStackTrace = original;
  }
}
