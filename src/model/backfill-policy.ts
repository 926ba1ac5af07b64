/** How the partitions of an asset are put into the runs of a backfill. An asset without one gets a run for each partition. */
export interface BackfillPolicy {
  /** At most so many adjacent partitions in one run; `"all"`: as many as there are. */
  readonly maxPartitionsPerRun: number | "all";
}

/** The policy of computations that run together: the one that allows the fewest partitions. */
export function strictestPolicy(policies: readonly (BackfillPolicy | undefined)[]): BackfillPolicy {
  const most = policies.map((policy) =>
    policy?.maxPartitionsPerRun === "all" ? Number.POSITIVE_INFINITY : (policy?.maxPartitionsPerRun ?? 1),
  );
  const fewest = Math.min(...most);
  return { maxPartitionsPerRun: fewest === Number.POSITIVE_INFINITY ? "all" : fewest };
}
