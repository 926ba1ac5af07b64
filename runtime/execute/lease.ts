/** A lease of a run, an attempt or a backfill lasts this long without renewal, in milliseconds. */
export const LEASE_MS = 30_000;
