import { readFileSync } from "node:fs";
import { ConfigError, RequestError } from "../../../src/base/errors.js";
import { parseRunConfig } from "../../../src/config/run-config.js";
import type { Json } from "../../../src/base/canonical-json.js";
import { withSession } from "../project.js";
import type { CommonOptions } from "../run-cli.js";
import { runInTerminal } from "./run-in-terminal.js";

/** `millrace materialize [SELECTION]` */
export function materialize(
  selection: string | undefined,
  options: CommonOptions & { readonly config?: string; readonly tag?: readonly string[] },
): Promise<number> {
  return withSession(options, (session, settings) => {
    const config = options.config === undefined ? undefined : readConfig(options.config);
    return runInTerminal(session, settings, options.json === true, (live) =>
      session.materialize(selection ?? "*", { ...live, tags: tagsOf(options.tag ?? []), ...(config === undefined ? {} : { config }) }),
    );
  });
}

function readConfig(path: string): Json {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError("CONFIG.FILE_UNREADABLE", `The run configuration ${path} cannot be read.`, {
      fix: "Correct the path after --config.",
      cause: error,
    });
  }
  return parseRunConfig(text, { file: path, format: path.endsWith(".json") ? "json" : "yaml" }) as unknown as Json;
}

function tagsOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((tag) => {
      const at = tag.indexOf("=");
      if (at <= 0) throw new RequestError("CLI.TAG", `"${tag}" is no tag.`, { fix: "Write --tag key=value." });
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}
