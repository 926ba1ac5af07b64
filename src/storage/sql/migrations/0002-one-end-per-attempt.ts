/** An attempt ends once: what the ledger sees to is also what the database refuses. */
export function oneEndPerAttempt(): readonly string[] {
  return [
    "create unique index event_end_of_attempt on event (run_no, step_key, attempt) where type in ('STEP_SUCCESS', 'STEP_FAILURE', 'STEP_UP_FOR_RETRY', 'STEP_CANCELED')",
  ];
}
