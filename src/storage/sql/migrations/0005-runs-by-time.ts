/** Runs of a stretch of time, newest first. */
export function runsByTime(): readonly string[] {
  return ["create index run_created on run (created_at_ms, no)"];
}
