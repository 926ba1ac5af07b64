import { EXIT } from "./exit-codes.js";

/** Runs something in the foreground: Ctrl-C and SIGTERM abort its signal, a second one stops at once. */
export async function stoppable<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) stopAtOnce();
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    return await body(controller.signal);
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}

/** Leaves without another word to anyone, as an interrupted process does; the next command repairs what the run left. */
function stopAtOnce(): never {
  process.removeAllListeners("SIGINT");
  process.kill(process.pid, "SIGINT");
  return process.exit(EXIT.canceled); // the first process of a container is not ended by its own signal
}
