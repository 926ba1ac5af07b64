/** How something shared is held: by many who read, or by one who writes. */
export type HoldMode = "read" | "write";

interface Waiter {
  readonly mode: HoldMode;
  readonly grant: () => void;
}

/**
 * Who may hold something within this process: readers together, a writer alone, writers in the order in which they asked. Readers do not queue behind
 * a writer that waits: one who holds one thing and waits for another could never get it otherwise.
 */
export class ReadWriteQueue {
  readonly #waiting: Waiter[] = [];
  #readers = 0;
  #writing = false;

  /** Resolves when it is held; rejects with the signal's reason when that aborts first. */
  acquire(mode: HoldMode, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const withdraw = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason as Error);
        this.#next();
      };
      const grant = () => {
        signal?.removeEventListener("abort", withdraw);
        resolve();
      };
      const waiter: Waiter = { mode, grant };
      signal?.addEventListener("abort", withdraw, { once: true });
      this.#waiting.push(waiter);
      this.#next();
    });
  }

  release(mode: HoldMode): void {
    if (mode === "write") this.#writing = false;
    else this.#readers--;
    this.#next();
  }

  #next(): void {
    for (const waiter of [...this.#waiting]) {
      if (this.#writing || (waiter.mode === "write" && this.#readers > 0)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      if (waiter.mode === "write") this.#writing = true;
      else this.#readers++;
      waiter.grant();
    }
  }
}
