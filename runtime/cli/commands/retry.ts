import { runOf, withSession } from "../project.js";
import type { CommonOptions } from "../program.js";
import { readRunConfig } from "../read-run-config.js";
import { runInTerminal } from "./run-in-terminal.js";

/** `millrace retry ID` */
export function retry(id: string, options: CommonOptions & { readonly config?: string }): Promise<number> {
  return withSession(options, async (session, settings) => {
    const run = await runOf(session.store, id);
    const config = options.config === undefined ? undefined : readRunConfig(options.config);
    return runInTerminal(session, settings, options.json === true, (live) =>
      session.retry(run, { ...live, ...(config === undefined ? {} : { config }) }),
    );
  });
}
