import { fork, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InternalError } from "../../base/errors.js";
import { MalformedBytes } from "./thrift-compact.js";

/** A reading that gives no row for so long does not end. */
const SILENT_MS = 60_000;
/** JavaScript's share; DuckDB has 512 MB. */
const HEAP_MB = 512;
/** Where the child finds the file that is open here. */
const CHILD_FD = 4;

/** Files that were read to their end, by what changes when they do. */
const sound = new Set<string>();

/**
 * Reads a file to its end in a process of its own, and gives nothing back: a file that makes a native reader crash, or never end, takes that process with it
 * and not this one. What its reader refuses in good order is left to be refused here. A file is probed once while it stays as it is.
 * @throws {@link MalformedBytes} where the process crashed, took too much memory, or gave nothing for a minute
 */
export async function probeParquet(file: FileHandle, path: string, signal: AbortSignal | undefined): Promise<void> {
  const { dev, ino, size, mtimeMs } = await file.stat();
  const version = `${dev}:${ino}:${size}:${mtimeMs}`;
  if (sound.has(version)) return;
  const end = await endOf(startChild(file, path), signal);
  signal?.throwIfAborted();
  if (end === "silent") throw new MalformedBytes(`a process that tried it read nothing for ${SILENT_MS / 1000} s and was stopped`);
  if (end !== "ended") throw new MalformedBytes(`a process that tried it crashed (${end})`);
  sound.add(version);
}

function startChild(file: FileHandle, path: string): ChildProcess {
  const opened = process.platform === "linux" ? `/proc/self/fd/${CHILD_FD}` : path;
  return fork(programFile(), [opened], {
    stdio: ["ignore", "ignore", "ignore", "ipc", process.platform === "linux" ? file.fd : "ignore"],
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
  });
}

/** `ended`: in good order, whatever it found; else what ended it. */
function endOf(child: ChildProcess, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let silent = false;
    const stop = () => void child.kill("SIGKILL");
    const watch = () => setTimeout(() => ((silent = true), stop()), SILENT_MS);
    let timer = watch();
    signal?.addEventListener("abort", stop);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    };
    child.on("message", () => {
      clearTimeout(timer);
      timer = watch();
    });
    child.once("error", (error) => {
      settle();
      reject(error);
    });
    child.once("exit", (code, killedBy) => {
      settle();
      resolve(silent ? "silent" : code === 0 ? "ended" : (killedBy ?? `exit code ${code}`));
    });
  });
}

/** The program beside this file; from the sources, the one that was built of them. */
function programFile(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const places = [join(folder, "parquet-probe-program.js"), join(folder, "dist", "src", "io", "parquet", "parquet-probe-program.js")];
    const found = places.find((place) => existsSync(place));
    if (found !== undefined) return found;
    if (dirname(folder) === folder) throw new InternalError("parquet-probe-program.js is missing");
  }
}
