import type { Connection, PoolClient, Submittable } from "pg";

const COPY_DATA = 0x64; // "d"
const COPY_OUT_RESPONSE = 0x48; // "H"

/** Takes the payload of a CopyData message where it lies in the bytes that came: it is gone when the call is over. */
export type TakeMessage = (bytes: Buffer, start: number, end: number) => void;

type DataListener = (bytes: Buffer) => void;

/**
 * A `COPY … TO STDOUT` that goes on. Its bytes are taken from the socket before the driver sees them, which would make an object of each row;
 * everything else is the driver's.
 */
export class CopyOut implements Submittable {
  readonly #client: PoolClient;
  readonly #sql: string;
  readonly #take: TakeMessage;
  readonly #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** How many bytes the message that is not whole yet has, where that is known. */
  #wanted = 0;
  #connection: Connection | undefined;
  #driver: DataListener | undefined;
  #wake: (() => void) | undefined;
  #came = false;
  #ended = false;
  #error: Error | undefined;

  /** @param take - what is done with each message @param client - a connection that nobody else uses */
  constructor(client: PoolClient, sql: string, take: TakeMessage) {
    this.#client = client;
    this.#sql = sql;
    this.#take = take;
  }

  begin(): void {
    this.#client.query(this);
  }

  /** Waits until more messages have come. @returns false when there are no more @throws what ended it */
  async more(): Promise<boolean> {
    const stream = this.#connection?.stream;
    while (!this.#came && !this.#ended) {
      stream?.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#came = false;
    if (this.#error !== undefined) throw this.#error;
    return !this.#ended;
  }

  /** Reads past the rest, so that the connection can go on. */
  async drain(): Promise<void> {
    this.#error ??= new Left();
    while (!this.#ended) await this.more().catch(() => undefined);
  }

  /** Lets the server wait until {@link more} is called. */
  pause(): void {
    if (!this.#ended) this.#connection?.stream.pause();
  }

  /** The driver's turn. @internal */
  submit(connection: Connection): void {
    this.#connection = connection;
    const { stream } = connection;
    [this.#driver] = stream.listeners("data") as DataListener[];
    if (this.#driver) stream.off("data", this.#driver);
    stream.on("data", this.#onData);
    connection.query(this.#sql);
  }

  /** @internal */
  handleCommandComplete(): void {}

  /** @internal */
  handleReadyForQuery(): void {
    this.#end(undefined);
  }

  /** @internal */
  handleError(error: Error): void {
    this.#end(error);
  }

  readonly #onData = (bytes: Buffer): void => {
    const whole = this.#joined(bytes);
    if (whole === undefined) return;
    this.#takeMessages(whole);
    this.#came = true;
    this.#wake?.();
  };

  /** The bytes with those before them, when at least one message is whole. */
  #joined(bytes: Buffer): Buffer | undefined {
    if (this.#pieces.length === 0) return bytes;
    this.#pieces.push(bytes);
    this.#pieceBytes += bytes.length;
    if (this.#pieceBytes < this.#wanted) return undefined;
    return Buffer.concat(this.#pieces.splice(0));
  }

  #takeMessages(bytes: Buffer): void {
    let at = 0;
    while (at + 5 <= bytes.length) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      const type = bytes[at];
      if (type === COPY_DATA) {
        this.#hand(bytes, at + 5, end);
      } else if (type !== COPY_OUT_RESPONSE && !isAside(type)) return this.#giveBack(bytes.subarray(at));
      else if (type !== COPY_OUT_RESPONSE) this.#driver?.(bytes.subarray(at, end));
      at = end;
    }
    if (at === bytes.length) return;
    this.#wanted = at + 5 <= bytes.length ? 1 + bytes.readUInt32BE(at + 1) : 5;
    this.#pieces.push(bytes.subarray(at));
    this.#pieceBytes = bytes.length - at;
  }

  /** Once one was refused, the others are read past. */
  #hand(bytes: Buffer, start: number, end: number): void {
    if (this.#error !== undefined) return;
    try {
      this.#take(bytes, start, end);
    } catch (error) {
      this.#error = error as Error;
    }
  }

  /** The end of the data, or an error: what follows is the driver's again. */
  #giveBack(rest: Buffer): void {
    const stream = this.#detach();
    this.#driver?.(rest);
    stream?.resume();
  }

  #detach(): Connection["stream"] | undefined {
    const stream = this.#connection?.stream;
    if (stream?.listeners("data").includes(this.#onData as never)) {
      stream.off("data", this.#onData);
      if (this.#driver) stream.on("data", this.#driver);
    }
    return stream;
  }

  #end(error: Error | undefined): void {
    this.#ended = true;
    this.#error ??= error;
    this.#detach();
    this.#came = true;
    this.#wake?.();
  }
}

/** Nobody wants the rest. */
class Left extends Error {}

/** Notices, parameters and notifications may come at any time. */
function isAside(type: number | undefined): boolean {
  return type === 0x4e || type === 0x53 || type === 0x41;
}
