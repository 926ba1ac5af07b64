import { Worker } from "node:worker_threads";
import { StoreError, messageOf } from "../../src/base/errors.js";
import type { Fsync } from "../../src/storage/run-store.js";
import { describeStore } from "../../src/storage/store-address.js";
import type { Store } from "../../src/storage/store.js";
import { ChangeWaiters } from "./change-waiters.js";
import {
  CHANGED,
  errorFrom,
  LEASES,
  READS,
  WRITES,
  type Method,
  type StoreAnswer,
  type StoreRequest,
  type StoreThreadData,
} from "./store-messages.js";
import { threadFile } from "./thread-file.js";
import { fromWire, toWire } from "./wire-sets.js";

interface Waiting {
  readonly method?: Method;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * Opens the store of a project in a thread of its own, so that nothing synchronous touches it on the main thread.
 * An idle store keeps no process alive; a request that has no answer yet does.
 * @param options - `path` of a file, or the URL of a Postgres database
 * @throws {@link StoreError} when it cannot be opened, is damaged, or was written by a later version
 */
export async function openStore(options: { readonly path: string; readonly fsync?: Fsync }): Promise<Store> {
  const data: StoreThreadData = { path: options.path, fsync: options.fsync ?? "FULL" };
  // The thread is compiled and needs none of the process's flags; some of them (`--input-type`) would keep it from starting.
  const worker = new Worker(threadFile("store-thread"), { workerData: data, execArgv: [] });
  const proxy = new StoreProxy(worker, describeStore(options.path));
  await proxy.opened;
  return proxy.store;
}

class StoreProxy {
  readonly opened: Promise<unknown>;
  readonly store: Store;
  readonly #worker: Worker;
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #waiters = new ChangeWaiters();
  #watches = false;
  #next = 1;
  #closed = false;
  #lost: StoreError | undefined;

  constructor(worker: Worker, path: string) {
    this.#worker = worker;
    this.#path = path;
    this.opened = new Promise((resolve, reject) => this.#waiting.set(0, { resolve, reject }));
    worker.on("message", (answer: StoreAnswer) => this.#answer(answer));
    worker.on("error", (error) => this.#lose(error));
    worker.on("exit", () => this.#lose(undefined));
    const methods = [...WRITES, ...READS, ...LEASES] as const;
    this.store = {
      ...(Object.fromEntries(methods.map((method) => [method, (...args: unknown[]) => this.#ask(method, args)])) as unknown as Store),
      changed: (runId, signal) => this.#changed(runId, signal),
      close: () => this.#close(),
    };
  }

  #ask(method: Method, args: readonly unknown[]): Promise<unknown> {
    if (this.#lost) return Promise.reject(this.#lost);
    if (this.#closed)
      return Promise.reject(
        new StoreError("STORE.CLOSED", `The store ${this.#path} is closed.`, { fix: "Await what uses the store before it is closed." }),
      );
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      // First: it throws, and so rejects, when an argument cannot be sent.
      this.#worker.postMessage({ id, method, args: toWire(method, args) as readonly unknown[] } satisfies StoreRequest);
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { method, resolve, reject });
    });
  }

  #changed(runId: string, signal: AbortSignal): Promise<void> {
    if (!this.#watches && !this.#closed) this.#worker.postMessage({ id: CHANGED, method: "watch", args: [] } satisfies StoreRequest);
    this.#watches = true;
    return this.#waiters.wait(runId, signal);
  }

  #answer(answer: StoreAnswer): void {
    if (answer.id === CHANGED) return this.#waiters.wake(answer.value as string);
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (answer.error) waiting?.reject(errorFrom(answer.error));
    else waiting?.resolve(fromWire(waiting.method ?? "", answer.value));
  }

  #lose(error: unknown): void {
    if (this.#closed && this.#waiting.size === 0) return;
    this.#closed = true;
    const lost = new StoreError(
      "STORE.THREAD_LOST",
      `The store thread of ${this.#path} ended${error === undefined ? "" : `: ${messageOf(error)}`}.`,
      { fix: "Run the command again; what was reported as stored is still there.", cause: error },
    );
    this.#lost ??= lost;
    for (const waiting of this.#waiting.values()) waiting.reject(lost);
    this.#waiting.clear();
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    const asked = this.#ask("close", []);
    this.#closed = true;
    await asked;
    await this.#worker.terminate();
  }
}
