import type { OutputChannel } from "./output-channels.js";

/** What is kept of one pipe that user code reads itself; it may carry a whole database. */
const MOST_BYTES = 1_048_576;

/** Copies what user code reads from a child into the log: text only, and a bounded part of it. */
export class CopiedOutput {
  readonly #channel: OutputChannel;
  #bytes = 0;
  #stopped = false;

  constructor(channel: OutputChannel) {
    this.#channel = channel;
  }

  write(chunk: Uint8Array): void {
    if (this.#stopped) return;
    if (chunk.includes(0)) return this.#stop("(binary output of a child: not kept)");
    const rest = MOST_BYTES - this.#bytes;
    this.#bytes += chunk.length;
    void this.#channel.write(chunk.length > rest ? chunk.subarray(0, rest) : chunk);
    if (chunk.length > rest) this.#stop(`(more than ${MOST_BYTES} bytes of a child: the rest is not kept)`);
  }

  flush(): void {
    this.#channel.flush();
  }

  #stop(why: string): void {
    this.#stopped = true;
    this.#channel.flush();
    void this.#channel.write(`${why}\n`);
  }
}
