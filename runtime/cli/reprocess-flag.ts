import { RequestError } from "../../src/base/errors.js";
import type { Reprocess } from "../launch/backfill-options.js";

/** Flags of which at most one of the first three makes sense, and the last one only with `stale`. */
export interface ReprocessFlags {
  readonly missing?: boolean;
  readonly failed?: boolean;
  readonly stale?: boolean;
  readonly force?: boolean;
}

/** The one flag that is given; `undefined`: none. @throws {@link RequestError} when there are several, or `force` forces nothing */
export function reprocessFlag(flags: ReprocessFlags): Exclude<Reprocess, "all"> | undefined {
  const given = (["missing", "failed", "stale"] as const).filter((flag) => flags[flag] === true);
  if (flags.force && !flags.stale)
    throw new RequestError("CLI.FORCE", "--force is given without --stale.", {
      fix: "Add --stale, or leave it out: only --stale reuses what there is.",
    });
  if (given.length <= 1) return given[0];
  throw new RequestError("CLI.REPROCESS", `${given.map((flag) => `--${flag}`).join(" and ")} are given together.`, {
    fix: "Give one of them; --stale also makes what is missing.",
  });
}
