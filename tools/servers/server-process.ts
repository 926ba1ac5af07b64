import { spawn } from "node:child_process";

/** A server in a process of its own. */
export interface ServerProcess {
  readonly port: number;
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a server and waits until it tells its port, which is the first group of `ready`. Its stdin stays open as long as this process lives:
 * a server that ends when that closes outlives nobody.
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>>; readonly ready: RegExp },
): Promise<ServerProcess> {
  const child = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ["pipe", "pipe", "pipe"] });
  const gone = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  let told = "";
  const port = await new Promise<number>((resolve, reject) => {
    const listen = (text: Buffer): void => {
      if (told.length > 100_000) return;
      told += text.toString();
      const [, found] = options.ready.exec(told) ?? [];
      if (found !== undefined) resolve(Number(found));
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`${command} ended with ${code} before it was ready: ${told}`)));
  });
  return {
    port,
    stop: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
