import { RequestError } from "../../../src/base/errors.js";
import { withSession } from "../project.js";
import type { CommonOptions } from "../program.js";
import { readRunConfig } from "../read-run-config.js";
import { runInTerminal } from "./run-in-terminal.js";

/** Options of its own. */
export interface MaterializeFlags {
  readonly config?: string;
  readonly tag?: readonly string[];
  readonly stale?: boolean;
  readonly force?: boolean;
  readonly partition?: string;
  readonly partitions?: string;
}

/** `millrace materialize [SELECTION]` */
export function materialize(selection: string | undefined, options: CommonOptions & MaterializeFlags): Promise<number> {
  return withSession(options, (session, settings) => {
    const config = options.config === undefined ? undefined : readRunConfig(options.config);
    const asked = {
      tags: tagsOf(options.tag ?? []),
      ...(config === undefined ? {} : { config }),
      ...(options.partition === undefined ? {} : { partitionKey: options.partition }),
      ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
    };
    return runInTerminal(session, settings, options.json === true, (live) =>
      options.stale
        ? session.materializeStale(selection, { ...asked, ...live, force: options.force === true })
        : session.materialize(selection, { ...asked, ...live }),
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
