import { RequestError } from "../../../src/base/errors.js";
import type { MaterializeOptions, Session } from "../../launch/session.js";
import { withSession } from "../project.js";
import type { CommonOptions } from "../program.js";
import { reprocessFlag } from "../reprocess-flag.js";
import { readRunConfig } from "../read-run-config.js";
import { tagsOf } from "../tags.js";
import { EXIT } from "../exit-codes.js";
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
  readonly missing?: boolean;
  readonly failed?: boolean;
}

/** `millrace materialize [SELECTION]` */
export function materialize(given: string | undefined, options: CommonOptions & MaterializeFlags): Promise<number> {
  const reprocess = reprocessFlag(options);
  return withSession(options, (session, settings) => {
    const config = options.config === undefined ? undefined : readRunConfig(options.config);
    const flags = {
      tags: tagsOf(options.tag ?? []),
      ...(config === undefined ? {} : { config }),
      ...(options.partition === undefined ? {} : { partitionKey: options.partition }),
      ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
    };
    const { selection, options: asked } = askedOf(session, given, { job: options.job, flags });
    const inParts = reprocess && (reprocess !== "stale" || isDivided(session, selection));
    if (inParts) return backfillWhatIsLeft(session, selection ?? "*", { reprocess, flags: options, asked });
    return runInTerminal(session, settings, options.json === true, (live) =>
      options.stale
        ? session.materializeStale(selection, { ...asked, ...live, force: options.force === true })
        : session.materialize(selection, { ...asked, ...live }),
    );
  });
}

/** Whether the selection holds an asset with partitions: what of them is missing, failed or stale takes as many runs as a backfill does. */
function isDivided(session: Session, selection: string | undefined): boolean {
  return session.select(selection ?? "*").assets.some((key) => session.specOf(key)?.partitions);
}

interface WhatIsLeft {
  readonly reprocess: "missing" | "failed" | "stale";
  readonly flags: CommonOptions & MaterializeFlags;
  readonly asked: MaterializeOptions;
}

const NOTHING = { missing: "Nothing is missing", failed: "Nothing has failed", stale: "Nothing is stale or missing" } as const;

/** What is missing, failed or stale of divided assets, as a backfill; nothing to make is nothing wrong. */
async function backfillWhatIsLeft(session: Session, selection: string, { reprocess, flags, asked }: WhatIsLeft): Promise<number> {
  const { json } = flags;
  const partitions = flags.partitions ?? flags.partition;
  const { startBackfill } = require("./backfill.js") as typeof import("./backfill.js"); // here: most runs are no backfill
  try {
    return await startBackfill(session, selection, {
      ...(json ? { json } : {}),
      options: {
        reprocess,
        force: flags.force === true,
        tags: asked.tags ?? {},
        ...(partitions === undefined ? {} : { partitions }),
        ...(asked.config === undefined ? {} : { config: asked.config }),
      },
    });
  } catch (error) {
    if (!(error instanceof RequestError) || error.code !== "BACKFILL.EMPTY") throw error;
    process.stdout.write(json ? "null\n" : `${NOTHING[reprocess]}.\n`);
    return EXIT.ok;
  }
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
