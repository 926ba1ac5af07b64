import { dirname } from "node:path";
import type { TsConfigResult } from "get-tsconfig";

/** What a project's tsconfig.json says that changes how its files run. */
export interface LoadSettings {
  /** Fields are defined, not assigned (the language's own meaning); `false` only where tsconfig.json says so. */
  readonly useDefineForClassFields: boolean;
  /** Candidate paths of an import by `paths` and `baseUrl`, in order; empty when neither applies. */
  readonly candidates: (specifier: string) => readonly string[];
}

const settingsByFolder = new Map<string, LoadSettings>();
const parsed = new Map<string, unknown>();

/** The settings of the nearest tsconfig.json of a file; the defaults where there is none or it cannot be read. */
export function loadSettingsFor(path: string): LoadSettings {
  const folder = dirname(path);
  const known = settingsByFolder.get(folder);
  if (known) return known;
  const settings = read(folder);
  settingsByFolder.set(folder, settings);
  return settings;
}

function read(folder: string): LoadSettings {
  // Required here, not above: a process that loads no TypeScript never pays for it.
  const { getTsconfig, createPathsMatcher } = require("get-tsconfig") as typeof import("get-tsconfig");
  let found: TsConfigResult | null = null;
  try {
    found = getTsconfig(folder, "tsconfig.json", parsed as Map<string, never>);
  } catch {
    found = null; // the compiler and the editor report a broken tsconfig.json; running goes on with the defaults
  }
  const options = found?.config.compilerOptions;
  const matcher = found && (options?.paths || options?.baseUrl) ? createPathsMatcher(found) : null;
  return {
    useDefineForClassFields: options?.useDefineForClassFields ?? true,
    candidates: (specifier) => matcher?.(specifier) ?? [],
  };
}
