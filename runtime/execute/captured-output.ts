import { AsyncLocalStorage } from "node:async_hooks";

/** Where the output of user code goes while it runs. */
export interface OutputSink {
  write(stream: "stdout" | "stderr", text: string): void;
  /** Told when the code calls `process.exit`; throws. */
  onExit(code: unknown): never;
}

const running = new AsyncLocalStorage<OutputSink>();
let users = 0;
let restore: (() => void) | undefined;

/** Runs `body` with everything that it and what it awaits prints handed to `sink`; concurrent bodies are told apart. */
export function withOutputTo<T>(sink: OutputSink, body: () => T): T {
  return running.run(sink, body);
}

/** The sink of the code that is running now, if it is user code. */
export function currentSink(): OutputSink | undefined {
  return running.getStore();
}

/** Takes hold of the process's output and of `process.exit` until the returned function is called; may be nested. */
export function captureOutput(): () => void {
  users += 1;
  restore ??= install();
  let released = false;
  return () => {
    if (released) return;
    released = true;
    users -= 1;
    if (users > 0) return;
    restore?.();
    restore = undefined;
  };
}

function install(): () => void {
  const { exit } = process;
  const streams = (["stdout", "stderr"] as const).map((name) => {
    const stream = process[name];
    const own = stream.write.bind(stream);
    const had = Object.prototype.hasOwnProperty.call(stream, "write");
    const write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
      const sink = running.getStore();
      if (!sink) return (own as (...args: unknown[]) => boolean)(chunk, encoding, callback);
      const text = typeof chunk === "string" ? chunk : Buffer.from(chunk as Uint8Array).toString("utf8");
      running.exit(() => sink.write(name, text));
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") queueMicrotask(() => (done as () => void)());
      return true;
    };
    const previous = stream.write;
    stream.write = write as typeof stream.write;
    return () => {
      if (had) stream.write = previous;
      else delete (stream as { write?: unknown }).write;
    };
  });
  process.exit = ((code?: unknown) => {
    const sink = running.getStore();
    if (sink) return sink.onExit(code);
    return exit.call(process, code as number);
  }) as typeof process.exit;
  return () => {
    for (const undo of streams) undo();
    process.exit = exit;
  };
}
