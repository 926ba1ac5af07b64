import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { nearest } from "../../src/base/did-you-mean.js";
import { toMs } from "../../src/base/duration.js";
import { ConfigError, DefinitionError } from "../../src/base/errors.js";
import { postgresAddress } from "../../src/storage/store-address.js";
import { importUserModule } from "../load/import-module.js";

/** What `millrace.config.ts` exports as its default; every field may be missing. */
export interface MillraceConfig {
  /** Path of the definitions module, from the project root. @defaultValue `definitions.ts`, then `src/definitions.ts` */
  readonly definitions?: string;
  /** Folder of the store, from the project root. @defaultValue `.millrace` */
  readonly home?: string;
  /**
   * The store, when it is not a file in `home`: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with `?schema=NAME` for another schema than
   * `millrace` and `&migrate=off` for a store that only `millrace migrate` brings up to date.
   */
  readonly store?: string;
  /** How far an acknowledged event survives a loss of power. @defaultValue FULL */
  readonly fsync?: "FULL" | "NORMAL";
  /** Steps of a run at once. @defaultValue the number of cores */
  readonly concurrency?: number;
  /** How long a canceled step may take to end, e.g. `"10s"`. @defaultValue 10 seconds */
  readonly cancelGrace?: number | string;
  /** Least level of log lines that the terminal shows. @defaultValue info */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
}

/** The configuration with every choice made. */
export interface Settings {
  /** The folder that holds the configuration (or the package). */
  readonly root: string;
  /** The configuration file, if there is one. */
  readonly file?: string;
  readonly definitions?: string;
  readonly home: string;
  /** The URL of a Postgres database; absent: a file in `home`. */
  readonly store?: string;
  readonly fsync: "FULL" | "NORMAL";
  readonly concurrency: number;
  readonly cancelGraceMs: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

const CONFIG_FILES = [
  "millrace.config.ts",
  "millrace.config.mts",
  "millrace.config.cts",
  "millrace.config.js",
  "millrace.config.mjs",
  "millrace.config.cjs",
];
const DEFINITION_FILES = ["definitions.ts", "src/definitions.ts", "definitions.mts", "definitions.js", "definitions.mjs"];
const FIELDS: readonly (keyof MillraceConfig)[] = ["definitions", "home", "store", "fsync", "concurrency", "cancelGrace", "logLevel"];

/** Variables that hold a path: from the working directory, and in `.env` from the project root. */
const PATH_VARIABLES = ["MILLRACE_HOME", "MILLRACE_DEFINITIONS"];

/**
 * Reads the project's configuration: the file, then `.env`, then `MILLRACE_*` variables above both.
 * @remarks A relative path counts from where it is written: the project root in a file, `cwd` in a variable of the shell.
 */
export async function readSettings(options: {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly definitions?: string;
}): Promise<Settings> {
  const start = options.definitions === undefined ? options.cwd : dirname(resolve(options.cwd, options.definitions));
  const { root, file } = findRoot(start);
  loadEnvFile(root, options.env);
  const config = file === undefined ? {} : checked(await importConfig(file), file);
  return settle(root, file, config, options);
}

async function importConfig(file: string): Promise<unknown> {
  try {
    return await importUserModule(file);
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    throw new ConfigError("CONFIG.NOT_LOADED", `The configuration file cannot be loaded. ${error.message}`, {
      cause: error.code === "DEFINITION.MODULE_THREW" ? error.cause : error,
    });
  }
}

function findRoot(start: string): { root: string; file?: string } {
  let packageRoot: string | undefined;
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    const file = CONFIG_FILES.map((name) => join(folder, name)).find(existsSync);
    if (file !== undefined) return { root: folder, file };
    if (packageRoot === undefined && existsSync(join(folder, "package.json"))) packageRoot = folder;
    if (dirname(folder) === folder) return { root: packageRoot ?? resolve(start) };
  }
}

/** Variables that are set already stay as they are. */
function loadEnvFile(root: string, env: NodeJS.ProcessEnv): void {
  const path = join(root, ".env");
  if (!existsSync(path)) return;
  const { parse: parseEnvFile } = require("dotenv") as typeof import("dotenv");
  for (const [name, value] of Object.entries(parseEnvFile(readFileSync(path))))
    env[name] ??= PATH_VARIABLES.includes(name) ? resolve(root, value) : value;
}

function checked(module: unknown, file: string): MillraceConfig {
  const holder = module as { default?: unknown };
  const given = (holder.default as { default?: unknown } | undefined)?.default ?? holder.default ?? module;
  if (typeof given !== "object" || given === null) {
    throw new ConfigError("CONFIG.NOT_AN_OBJECT", `${file} exports ${given === null ? "null" : `a ${typeof given}`} as its default.`, {
      fix: 'Write: export default { definitions: "./definitions.ts" };',
    });
  }
  for (const name of Object.keys(given)) {
    if ((FIELDS as readonly string[]).includes(name) || name === "__esModule") continue;
    const near = nearest(name, FIELDS);
    throw new ConfigError("CONFIG.UNKNOWN_FIELD", `${file} sets "${name}", which is no setting.`, {
      fix: near ? `Did you mean "${near}"?` : `The settings are ${FIELDS.join(", ")}.`,
    });
  }
  for (const name of ["definitions", "home"] as const) {
    const value = (given as Record<string, unknown>)[name];
    if (value === undefined || typeof value === "string") continue;
    throw new ConfigError("CONFIG.PATH", `"${name}" of ${file} is ${JSON.stringify(value)}, which is no path.`, {
      fix: 'Write it as a string, e.g. "./src/definitions.ts".',
    });
  }
  return given as MillraceConfig;
}

function settle(
  root: string,
  file: string | undefined,
  config: MillraceConfig,
  options: { cwd: string; env: NodeJS.ProcessEnv; definitions?: string },
): Settings {
  const { env } = options;
  const where = (variable: string, field: string): string =>
    env[variable] === undefined ? `"${field}" of ${file ?? "the configuration"}` : `The environment variable ${variable}`;
  const concurrency = Number(env.MILLRACE_CONCURRENCY ?? config.concurrency ?? availableParallelism());
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new ConfigError(
      "CONFIG.CONCURRENCY",
      `${where("MILLRACE_CONCURRENCY", "concurrency")} is ${JSON.stringify(env.MILLRACE_CONCURRENCY ?? config.concurrency)}.`,
      { fix: "Give a whole number, 1 or more." },
    );
  }
  const store = (env.MILLRACE_DATABASE_URL ?? config.store) || undefined;
  if (store !== undefined) postgresAddress(store); // or it says what is wrong with it
  const at = (path: string): string => resolve(root, path);
  const given = options.definitions ?? env.MILLRACE_DEFINITIONS;
  const ofFile = config.definitions === undefined ? DEFINITION_FILES.map(at).find(existsSync) : at(config.definitions);
  const found = given === undefined ? ofFile : resolve(options.cwd, given);
  return {
    root,
    ...(file === undefined ? {} : { file }),
    ...(found === undefined ? {} : { definitions: found }),
    home: env.MILLRACE_HOME === undefined ? at(config.home ?? ".millrace") : resolve(options.cwd, env.MILLRACE_HOME),
    ...(store === undefined ? {} : { store }),
    fsync: oneOf(env.MILLRACE_FSYNC ?? config.fsync ?? "FULL", ["FULL", "NORMAL"], where("MILLRACE_FSYNC", "fsync")),
    concurrency,
    cancelGraceMs: toMs(env.MILLRACE_CANCEL_GRACE ?? config.cancelGrace ?? "10s", where("MILLRACE_CANCEL_GRACE", "cancelGrace")),
    logLevel: oneOf(
      env.MILLRACE_LOG_LEVEL ?? config.logLevel ?? "info",
      ["debug", "info", "warn", "error"],
      where("MILLRACE_LOG_LEVEL", "logLevel"),
    ),
  };
}

function oneOf<T extends string>(given: string, allowed: readonly T[], what: string): T {
  const found = allowed.find((value) => value === given);
  if (found !== undefined) return found;
  throw new ConfigError("CONFIG.CHOICE", `${what} is ${JSON.stringify(given)}.`, { fix: `Give one of ${allowed.join(", ")}.` });
}
