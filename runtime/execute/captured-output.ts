import { AsyncLocalStorage } from "node:async_hooks";
import type { OutputChannels } from "./output-channels.js";

/** The streams that user code prints to. */
export type StreamName = "stdout" | "stderr";

/** Where the output of user code goes while it runs. */
export interface OutputSink {
  readonly output: Pick<OutputChannels, "write" | "open" | "adopt" | "expectEcho">;
  /** Told when the code calls `process.exit`; throws. */
  onExit(code: unknown): never;
}

interface UserCode {
  readonly sink: OutputSink;
  readonly name: string;
}

const running = new AsyncLocalStorage<UserCode>();

/** Runs `body` with everything that it and what it awaits prints handed to `sink`; concurrent bodies are told apart. `name`: of the step, or of what else it is. */
export function withOutputTo<T>(sink: OutputSink, name: string, body: () => T): T {
  return running.run({ sink, name }, body);
}

/** Runs `body`, and what it starts, as no part of the user code that called: what it prints is not that code's. */
export function outsideUserCode<T>(body: () => T): T {
  return running.exit(body);
}

/** The sink of the code that is running now, if it is user code. */
export function currentSink(): OutputSink | undefined {
  return running.getStore()?.sink;
}

/** The name of the user code that is running now, or that started what is running now. */
export function currentCode(): string | undefined {
  return running.getStore()?.name;
}

/** Takes hold of the process's output streams and of `process.exit` until the returned function is called. */
export function captureOutput(): () => void {
  const restore = [captureStream("stdout"), captureStream("stderr"), captureExit()];
  return () => {
    for (const undo of restore) undo();
  };
}

function captureStream(name: StreamName): () => void {
  const stream = process[name];
  const previous = stream.write;
  const had = Object.prototype.hasOwnProperty.call(stream, "write");
  const write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    const sink = currentSink();
    if (!sink) return (previous as (...args: unknown[]) => boolean).call(stream, chunk, encoding, callback);
    const bytes = typeof chunk === "string" && typeof encoding === "string" ? Buffer.from(chunk, encoding as BufferEncoding) : chunk;
    outsideUserCode(() => sink.output.write(name, bytes as string | Uint8Array));
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") queueMicrotask(() => (done as () => void)());
    return true;
  };
  stream.write = write as typeof stream.write;
  return () => {
    if (had) stream.write = previous;
    else delete (stream as { write?: unknown }).write;
  };
}

function captureExit(): () => void {
  const { exit } = process;
  process.exit = ((code?: unknown) => {
    const sink = currentSink();
    if (sink) return sink.onExit(code);
    return exit.call(process, code as number);
  }) as typeof process.exit;
  return () => {
    process.exit = exit;
  };
}
