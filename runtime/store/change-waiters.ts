/** Who waits for changes of runs. */
export class ChangeWaiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  wait(runId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const waiting = this.#waiting.get(runId) ?? new Set();
      this.#waiting.set(runId, waiting);
      const done = (): void => {
        signal.removeEventListener("abort", done);
        waiting.delete(done);
        if (waiting.size === 0) this.#waiting.delete(runId);
        resolve();
      };
      waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** @param runId - empty: it may have been any */
  wake(runId: string): void {
    for (const id of runId === "" ? [...this.#waiting.keys()] : [runId]) for (const done of this.#waiting.get(id) ?? []) done();
  }
}
