import { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { currentSink, outsideUserCode, type StreamName } from "./captured-output.js";
import { CopiedOutput } from "./copied-output.js";
import { inheritedStream, ownStream } from "./inherited-stdio.js";
import type { OutputChannel, OutputChannels } from "./output-channels.js";

type Output = Pick<OutputChannels, "open" | "adopt">;

interface Spawner {
  spawn(this: Spawned, options: { readonly stdio?: unknown }): unknown;
}

interface Spawned extends Omit<ChildProcess, "stdio" | "stdout" | "stderr"> {
  readonly stdio: (Socket | null)[] | undefined;
  stdout: Socket | null;
  stderr: Socket | null;
}

/** Turns of the event loop without a byte, after which an ended child's own output has been read: it was in the pipe when the child ended. */
const QUIET_TURNS = 3;

/** Captures what children that user code spawns write, until the returned function is called. Everything that starts one ends in this method. */
export function captureChildren(): () => void {
  const prototype = ChildProcess.prototype as unknown as Spawner;
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    const output = currentSink()?.output;
    if (!output) return spawn.call(this, options);
    const slots = slotsOf(options.stdio);
    const inherited = slots.map(inheritedStream);
    const result = spawn.call(this, { ...options, stdio: slots.map((slot, index) => (inherited[index] ? "pipe" : slot)) });
    outsideUserCode(() => captureSlots(this, inherited, output));
    return result;
  };
  return () => {
    prototype.spawn = spawn;
  };
}

function slotsOf(stdio: unknown): readonly unknown[] {
  if (Array.isArray(stdio)) return stdio;
  return Array.from({ length: 3 }, () => stdio ?? "pipe");
}

function captureSlots(child: Spawned, inherited: readonly (StreamName | undefined)[], output: Output): void {
  child.stdio?.forEach((socket, index) => {
    if (!socket) return;
    const stream = inherited[index];
    const own = ownStream(index);
    if (stream) {
      hide(child, index);
      carry(child, socket, output.open(stream), output);
    } else if (own) copy(socket, output.open(own));
  });
}

/** As for a child that inherits: user code sees no stream. */
function hide(child: Spawned, index: number): void {
  if (child.stdio) child.stdio[index] = null;
  const own = ownStream(index);
  if (own) child[own] = null;
}

/**
 * Reads a pipe in the place of inherited output. The child's "close" waits for it as long as the child itself can have written: a child
 * of its own that holds the pipe for longer delays nothing, and neither does this process wait for it.
 */
function carry(child: Spawned, socket: Socket, channel: OutputChannel, output: Output): void {
  const closing = socket.rawListeners("close") as (() => void)[]; // Node's own: it counts what the child's "close" waits for
  socket.removeAllListeners("close");
  let bytesRead = 0;
  const done = new Promise<void>((resolve) => {
    let released = false;
    const release = (): void => {
      channel.flush();
      if (released) return;
      released = true;
      for (const listener of closing) listener.call(socket);
      resolve();
    };
    socket.once("close", release);
    child.once("exit", () => afterQuiet(() => (socket.isPaused() ? undefined : bytesRead), release));
  });
  output.adopt({ exited: () => child.exitCode !== null || child.signalCode !== null, done });
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    bytesRead += chunk.length;
    const room = channel.write(chunk);
    if (!room) return;
    socket.pause();
    void room.then(() => socket.resume());
  });
  socket.unref();
}

/** Calls `then` once the number of bytes stands still; `undefined`: nobody reads at present. */
function afterQuiet(bytesRead: () => number | undefined, then: () => void): void {
  let before: number | undefined;
  let quiet = 0;
  const turn = (): void => {
    const now = bytesRead();
    quiet = now !== undefined && now === before ? quiet + 1 : 0;
    before = now;
    if (quiet >= QUIET_TURNS) then();
    else setImmediate(turn);
  };
  turn();
}

/** Copies each chunk as it comes in; who reads the stream, how and when, stays as it is. */
function copy(socket: Socket, channel: OutputChannel): void {
  const copied = new CopiedOutput(channel);
  const { push } = socket;
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk instanceof Uint8Array) outsideUserCode(() => copied.write(chunk));
    return push.call(socket, chunk, encoding);
  };
  socket.once("close", () => copied.flush());
}
