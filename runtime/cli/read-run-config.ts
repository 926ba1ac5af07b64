import { readFileSync } from "node:fs";
import { ConfigError } from "../../src/base/errors.js";
import { type RunConfig, parseRunConfig } from "../../src/config/run-config.js";

/**
 * The run configuration that `--config` names: JSON in the argument itself, or a YAML or JSON file.
 * @throws {@link ConfigError} when the file cannot be read, or the text is malformed or has another shape
 */
export function readRunConfig(given: string): RunConfig {
  if (/^\s*\{/.test(given)) return parseRunConfig(given, { file: "--config", format: "json" });
  return parseRunConfig(textOf(given), { file: given, format: given.endsWith(".json") ? "json" : "yaml" });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError("CONFIG.FILE_UNREADABLE", `The run configuration ${path} cannot be read.`, {
      fix: `Correct the path after --config, or write the configuration there: --config '{"assets": {"orders": {"limit": 5}}}'.`,
      cause: error,
    });
  }
}
