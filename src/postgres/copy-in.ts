import type { Connection, PoolClient, Submittable } from "pg";

/** What the driver's types leave out of a connection. */
interface CopyingConnection extends Connection {
  sendCopyFail(reason: string): void;
  endCopyFrom(): void;
}

/** A `COPY … FROM STDIN` that goes on: messages are written as fast as the server takes them. */
export class CopyIn implements Submittable {
  readonly #sql: string;
  readonly #opened = new Settled<CopyingConnection>();
  readonly #ended = new Settled<number>();
  /** What the server or the connection said against it. */
  error: Error | undefined;
  #count = 0;
  #wake: (() => void) | undefined;

  /** Begins it on a connection that nobody else uses. */
  static async begin(client: PoolClient, sql: string): Promise<CopyIn> {
    const copy = new CopyIn(sql);
    client.query(copy);
    await copy.#opened.promise;
    return copy;
  }

  private constructor(sql: string) {
    this.#sql = sql;
  }

  /** Sends a CopyData message. @returns when the next may be sent @throws what the server says against the rows so far */
  async write(message: Buffer): Promise<void> {
    const { stream } = await this.#opened.promise;
    if (this.#ended.settled) await this.#ended.promise;
    if (stream.destroyed || stream.write(message)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        stream.off("drain", go).off("close", go);
        this.#wake = undefined;
        resolve();
      };
      stream.on("drain", go).on("close", go);
      this.#wake = go;
    });
    if (this.#ended.settled) await this.#ended.promise;
  }

  /** Ends it. @returns how many rows the server took */
  async end(): Promise<number> {
    (await this.#opened.promise).endCopyFrom();
    return this.#ended.promise;
  }

  /** Takes it back: nothing is loaded. */
  async fail(reason: string): Promise<void> {
    if (!this.#ended.settled) (await this.#opened.promise).sendCopyFail(reason);
    await this.#ended.promise.catch(() => undefined);
  }

  /** The driver's turn. @internal */
  submit(connection: Connection): void {
    connection.query(this.#sql);
  }

  /** @internal */
  handleCopyInResponse(connection: CopyingConnection): void {
    this.#opened.resolve(connection);
  }

  /** @internal */
  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#count = Number(/^COPY (\d+)/.exec(text)?.[1] ?? 0);
  }

  /** @internal */
  handleReadyForQuery(): void {
    this.#ended.resolve(this.#count);
    this.#wake?.();
  }

  /** @internal */
  handleError(error: Error): void {
    this.error = error;
    this.#opened.reject(error);
    this.#ended.reject(error);
    this.#wake?.();
  }
}

/** A promise that is settled from outside, and may be waited for by nobody. */
class Settled<T> {
  settled = false;
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise: Promise<T>;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = (value) => ((this.settled = true), resolve(value));
      this.reject = (error) => ((this.settled = true), reject(error));
    });
    this.promise.catch(() => undefined);
  }
}
