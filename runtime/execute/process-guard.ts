import { AsyncLocalStorage } from "node:async_hooks";
import { ExecutionError, messageOf } from "../../src/base/errors.js";
import { captureChildren } from "./captured-children.js";
import { captureOutput, currentCode } from "./captured-output.js";
import { captureSyncChildren } from "./captured-sync-children.js";

/** What a guarded run hears of the process. */
export interface GuardedRun {
  /** The event loop ran empty while steps wait: nothing can end them any more. */
  onIdle(): void;
  /** Something threw outside every step, e.g. in a timer whose step had ended. */
  onStray(error: StrayError): void;
}

/** A step waits for something that can no longer happen. */
export class NeverSettlesError extends ExecutionError {
  constructor(stepKey: string) {
    super("STEP.NEVER_SETTLES", `Step "${stepKey}" waits for something that can no longer happen: the process has nothing left to do.`, {
      fix: "Look for a promise that is never resolved, or an event that is never emitted.",
    });
  }
}

/** User code threw where no step could catch it. */
export class StrayError extends ExecutionError {
  /** @param startedBy - the name of the step, or of what else started it, where that is known */
  constructor(error: unknown, startedBy: string | undefined) {
    super(
      "RUN.STRAY_ERROR",
      `User code threw outside its step${startedBy === undefined ? "" : `, started by "${startedBy}"`}: ${messageOf(error)}`,
      { fix: "Await what the step starts (timers, promises, events) before it returns.", cause: error },
    );
    this.stack = `${this.name}: ${this.message}`; // the place is the cause's
  }
}

const runs = new Set<GuardedRun>();
const current = new AsyncLocalStorage<GuardedRun>();
let release: (() => void) | undefined;

/** Watches over the process until `body` has settled; what its code leaves behind and throws is told to its run alone. */
export async function guarded<T>(run: GuardedRun, body: () => Promise<T>): Promise<T> {
  runs.add(run);
  release ??= install();
  try {
    return await current.run(run, body);
  } finally {
    runs.delete(run);
    if (runs.size === 0) {
      release();
      release = undefined;
    }
  }
}

function install(): () => void {
  const restore = [captureOutput(), captureChildren(), captureSyncChildren()];
  const idle = (): void => runs.forEach((run) => run.onIdle());
  const stray = (error: unknown): void => {
    const run = current.getStore();
    const told = new StrayError(error, currentCode());
    for (const each of run && runs.has(run) ? [run] : runs) each.onStray(told);
  };
  process.on("beforeExit", idle);
  process.on("uncaughtException", stray);
  process.on("unhandledRejection", stray);
  return () => {
    process.off("beforeExit", idle);
    process.off("uncaughtException", stray);
    process.off("unhandledRejection", stray);
    for (const undo of restore) undo();
  };
}
