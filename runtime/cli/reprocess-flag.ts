import { RequestError } from "../../src/base/errors.js";
import type { Reprocess } from "../launch/backfill-options.js";

/** Flags of which at most one makes sense. */
export interface ReprocessFlags {
  readonly missing?: boolean;
  readonly failed?: boolean;
  readonly stale?: boolean;
}

/** The one flag that is given; `undefined`: none. @throws {@link RequestError} when there are several */
export function reprocessFlag(flags: ReprocessFlags): Exclude<Reprocess, "all"> | undefined {
  const given = (["missing", "failed", "stale"] as const).filter((flag) => flags[flag] === true);
  if (given.length <= 1) return given[0];
  throw new RequestError("CLI.REPROCESS", `${given.map((flag) => `--${flag}`).join(" and ")} are given together.`, {
    fix: "Give one of them; --stale also makes what is missing.",
  });
}
