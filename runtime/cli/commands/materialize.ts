import { RequestError } from "../../../src/base/errors.js";
import { withSession } from "../project.js";
import type { CommonOptions } from "../program.js";
import { readRunConfig } from "../read-run-config.js";
import { runInTerminal } from "./run-in-terminal.js";

/** `millrace materialize [SELECTION]` */
export function materialize(
  selection: string | undefined,
  options: CommonOptions & { readonly config?: string; readonly tag?: readonly string[] },
): Promise<number> {
  return withSession(options, (session, settings) => {
    const config = options.config === undefined ? undefined : readRunConfig(options.config);
    return runInTerminal(session, settings, options.json === true, (live) =>
      session.materialize(selection ?? "*", { ...live, tags: tagsOf(options.tag ?? []), ...(config === undefined ? {} : { config }) }),
    );
  });
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
