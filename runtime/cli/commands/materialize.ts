import { RequestError } from "../../../src/base/errors.js";
import type { MaterializeOptions, Session } from "../../launch/session.js";
import { withSession } from "../project.js";
import type { CommonOptions } from "../program.js";
import { readRunConfig } from "../read-run-config.js";
import { tagsOf } from "../tags.js";
import { runInTerminal } from "./run-in-terminal.js";

/** Options of its own. */
export interface MaterializeFlags {
  readonly config?: string;
  readonly tag?: readonly string[];
  readonly job?: string;
  readonly stale?: boolean;
  readonly force?: boolean;
  readonly partition?: string;
  readonly partitions?: string;
}

/** `millrace materialize [SELECTION]` */
export function materialize(given: string | undefined, options: CommonOptions & MaterializeFlags): Promise<number> {
  return withSession(options, (session, settings) => {
    const config = options.config === undefined ? undefined : readRunConfig(options.config);
    const flags = {
      tags: tagsOf(options.tag ?? []),
      ...(config === undefined ? {} : { config }),
      ...(options.partition === undefined ? {} : { partitionKey: options.partition }),
      ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
    };
    const { selection, options: asked } = askedOf(session, given, { job: options.job, flags });
    return runInTerminal(session, settings, options.json === true, (live) =>
      options.stale
        ? session.materializeStale(selection, { ...asked, ...live, force: options.force === true })
        : session.materialize(selection, { ...asked, ...live }),
    );
  });
}

/** What a job selects, or the selection that was given, and what its run is given. */
function askedOf<O extends MaterializeOptions>(
  session: Session,
  selection: string | undefined,
  { job, flags }: { readonly job: string | undefined; readonly flags: O },
): { readonly selection: string | undefined; readonly options: O } {
  if (job === undefined) return { selection, options: flags };
  if (selection === undefined) return session.jobRun(job, flags);
  throw new RequestError("CLI.JOB", `Both the selection "${selection}" and the job "${job}" are given.`, { fix: "Give one of them." });
}
