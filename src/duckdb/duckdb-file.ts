import { mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { systemClock } from "../base/clock.js";
import { messageOf } from "../base/errors.js";
import { newId } from "../base/ids.js";
import { DuckDBFileError } from "./duckdb-file-error.js";
import { connect } from "./process-database.js";
import { type HoldMode, ReadWriteQueue } from "./read-write-queue.js";
import { sqlName, sqlString } from "./sql-text.js";

/** A file while it may be used. */
export interface HeldFile {
  /** The name of its catalog in the process's database, quoted. */
  readonly catalog: string;
  release(): Promise<void>;
}

/** How a file is asked for. */
export interface HoldOptions {
  readonly mode: HoldMode;
  /** How long to wait for others, in milliseconds. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 250;
const files = new Map<string, DuckDBFile>();

/**
 * A database file of DuckDB, which locks it for its whole process: many may read it, or one write. So it is attached for as long as DuckDB works with it and
 * no longer: who finds it locked tries again. Within the process all share one database, since a second one would lose the lock of the first.
 */
export class DuckDBFile {
  readonly #queue = new ReadWriteQueue();
  readonly #catalog = sqlName(`file_${newId().replaceAll("-", "")}`);
  /** How many hold it now, and the attachment that they share. */
  #holders = 0;
  #attachment: { readonly done: Promise<void>; readonly stop: AbortController } | undefined;

  private constructor(readonly path: string) {}

  /** The file of this path; the same object for each name of one file. */
  static at(path: string): DuckDBFile {
    const real = realPath(resolve(path));
    let file = files.get(real);
    if (!file) files.set(real, (file = new DuckDBFile(real)));
    return file;
  }

  /** Attaches the file; for writing it comes into being. @throws DuckDBFileError when it is not there, locked for too long, or none of DuckDB's */
  async hold({ mode, waitMs, signal }: HoldOptions): Promise<HeldFile> {
    await this.#turn({ mode, waitMs, signal });
    this.#holders++;
    let held = true;
    const release = async () => {
      if (!held) return;
      held = false;
      try {
        if (--this.#holders === 0) await this.#detach();
      } finally {
        this.#queue.release(mode);
      }
    };
    try {
      await unlessAborted(this.#attach(mode, waitMs).done, signal);
    } catch (error) {
      await release();
      throw error;
    }
    return { catalog: this.#catalog, release };
  }

  /** Works with the file, on a connection of its own, and lets go of both. @param work - gets the name of the file's catalog, quoted */
  async within<T>(options: HoldOptions, work: (connection: DuckDBConnection, catalog: string) => Promise<T>): Promise<T> {
    const { catalog, release } = await this.hold(options);
    try {
      const { connection, close } = await connect(options.signal);
      return await work(connection, catalog).finally(close);
    } finally {
      await release();
    }
  }

  async #turn({ mode, waitMs, signal }: HoldOptions): Promise<void> {
    const waited = AbortSignal.timeout(waitMs);
    try {
      await this.#queue.acquire(mode, signal ? AbortSignal.any([signal, waited]) : waited);
    } catch (error) {
      signal?.throwIfAborted();
      throw waited.aborted ? new DuckDBFileError(this.path, `Could not set lock: it is held in this process (PID ${process.pid})`) : error;
    }
  }

  #attach(mode: HoldMode, waitMs: number): { readonly done: Promise<void> } {
    if (this.#attachment) return this.#attachment;
    const stop = new AbortController();
    const done = this.#attachUntil(mode, systemClock.nowMs() + waitMs, stop.signal);
    this.#attachment = { done, stop };
    return this.#attachment;
  }

  async #attachUntil(mode: HoldMode, untilMs: number, stop: AbortSignal): Promise<void> {
    if (mode === "write") mkdirSync(dirname(this.path), { recursive: true });
    const sql = `ATTACH ${sqlString(this.path)} AS ${this.#catalog} (TYPE duckdb${mode === "read" ? ", READ_ONLY" : ""})`;
    for (let attempt = 1; ; attempt++) {
      stop.throwIfAborted();
      const refusal = await run(sql);
      if (refusal === undefined) return;
      const error = new DuckDBFileError(this.path, refusal);
      if (error.code !== "DUCKDB.LOCKED" || systemClock.nowMs() >= untilMs) throw error;
      await systemClock.sleep(Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2), stop);
    }
  }

  async #detach(): Promise<void> {
    const attachment = this.#attachment;
    this.#attachment = undefined;
    attachment?.stop.abort();
    const attached = await attachment?.done.then(
      () => true,
      () => false,
    );
    const refusal = attached ? await run(`DETACH ${this.#catalog}`) : undefined;
    if (refusal !== undefined) throw new DuckDBFileError(this.path, refusal);
  }
}

/** @returns why DuckDB refuses the statement; `undefined`: it was run */
async function run(sql: string): Promise<string | undefined> {
  const { connection, close } = await connect(undefined);
  try {
    await connection.run(sql);
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    close();
  }
}

/** A file that is not there yet has the name that it will have. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path));
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
