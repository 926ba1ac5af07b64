/** Wakes those who wait for what another process does to a run, where the database can; nowhere is it sure to, so they look from time to time anyway. */
export interface ChangeSignal {
  /** Resolves when the run was asked to stop, was ended or may have been, or when `signal` aborts. Keeps no process alive. */
  changed(runId: string, signal: AbortSignal): Promise<void>;
}
