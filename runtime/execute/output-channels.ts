import { StringDecoder } from "node:string_decoder";
import type { StreamName } from "./captured-output.js";

/** One source of output: the console, or one pipe of a child. Secrets and characters that are cut between its chunks come out whole. */
export interface OutputChannel {
  /** Takes a chunk. @returns what to wait for before the next, when lines come faster than they are kept */
  write(chunk: string | Uint8Array): Promise<void> | undefined;
  /** Hands on what has no line end yet. */
  flush(): void;
}

/** A pipe that stands for the output which a child was to inherit. */
export interface InheritedPipe {
  /** Whether the child has ended, though its own children may still hold the pipe. */
  exited(): boolean;
  /** All that the child itself wrote has been handed on. */
  readonly done: Promise<void>;
}

/** Takes masked, whole lines. @returns what to wait for before the next, when they come too fast */
export type TakeLine = (stream: StreamName, line: string) => Promise<void> | undefined;

/** Masks a stream whose chunks may cut a secret. */
export interface MaskingStreams {
  stream(): { write(chunk: string): string; flush(): string };
}

/** A longer line is handed on in pieces, so that output without line ends is bounded in memory. */
const LONGEST_LINE = 65_536;

/** All that one step, or a run's resources, print: each source for itself, masked, in whole lines. */
export class OutputChannels {
  readonly #masker: MaskingStreams;
  readonly #take: TakeLine;
  readonly #pipes = new Set<InheritedPipe>();
  /** Opened by the first line: most steps print nothing. */
  readonly #console: Partial<Record<StreamName, OutputChannel>> = {};
  #echo: string | undefined;

  constructor(masker: MaskingStreams, take: TakeLine) {
    this.#masker = masker;
    this.#take = take;
  }

  /** Takes what the code prints itself. */
  write(stream: StreamName, chunk: string | Uint8Array): void {
    const echo = this.#echo;
    this.#echo = undefined;
    if (stream === "stderr" && echo !== undefined && echo === Buffer.from(chunk).toString()) return;
    void (this.#console[stream] ??= this.open(stream)).write(chunk);
  }

  /** `execSync` prints again what its child wrote to its standard error: when that is the next thing printed, it is not taken twice. */
  expectEcho(bytes: Uint8Array): void {
    this.#echo = Buffer.from(bytes).toString();
  }

  /** A source beside the console. */
  open(stream: StreamName): OutputChannel {
    return new LineChannel(this.#masker.stream(), (line) => this.#take(stream, line));
  }

  adopt(pipe: InheritedPipe): void {
    this.#pipes.add(pipe);
    void pipe.done.then(() => this.#pipes.delete(pipe));
  }

  /** Hands on the rest: what children that have ended wrote, and the console's last line. Waits for no child that still runs. */
  async settle(): Promise<void> {
    if (this.#pipes.size > 0) await Promise.all([...this.#pipes].filter((pipe) => pipe.exited()).map(({ done }) => done));
    this.#console.stdout?.flush();
    this.#console.stderr?.flush();
  }
}

class LineChannel implements OutputChannel {
  readonly #decoder = new StringDecoder("utf8");
  readonly #masked: ReturnType<MaskingStreams["stream"]>;
  readonly #take: (line: string) => Promise<void> | undefined;
  #rest = "";

  constructor(masked: ReturnType<MaskingStreams["stream"]>, take: (line: string) => Promise<void> | undefined) {
    this.#masked = masked;
    this.#take = take;
  }

  write(chunk: string | Uint8Array): Promise<void> | undefined {
    const text = typeof chunk === "string" ? this.#decoder.end() + chunk : this.#decoder.write(Buffer.from(chunk));
    const lines = (this.#rest + this.#masked.write(text)).split("\n");
    this.#rest = lines.pop() ?? "";
    let wait: Promise<void> | undefined;
    for (const line of lines) wait = this.#take(line);
    for (; this.#rest.length > LONGEST_LINE; this.#rest = this.#rest.slice(LONGEST_LINE))
      wait = this.#take(this.#rest.slice(0, LONGEST_LINE));
    return wait;
  }

  flush(): void {
    const text = this.#rest + this.#masked.write(this.#decoder.end()) + this.#masked.flush();
    this.#rest = "";
    if (text === "") return;
    const lines = text.split("\n");
    if (lines.at(-1) === "") lines.pop();
    for (const line of lines) void this.#take(line);
  }
}
