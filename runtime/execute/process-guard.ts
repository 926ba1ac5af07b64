import { ExecutionError, messageOf } from "../../src/base/errors.js";
import { captureChildren } from "./captured-children.js";
import { captureOutput } from "./captured-output.js";
import { captureSyncChildren } from "./captured-sync-children.js";

/** What a guarded run hears of the process. */
export interface GuardedRun {
  /** The event loop ran empty while steps wait: nothing can end them any more. */
  onIdle(): void;
  /** Something threw outside every step, e.g. in a timer whose step had ended. */
  onStray(error: unknown): void;
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
  constructor(error: unknown) {
    super("RUN.STRAY_ERROR", `User code threw outside its step: ${messageOf(error)}`, {
      fix: "Await what the step starts (timers, promises, events) before it returns.",
      cause: error,
    });
  }
}

const guarded = new Set<GuardedRun>();
let release: (() => void) | undefined;

/** Watches over the process while the run goes on; the returned function ends that. */
export function guardProcess(run: GuardedRun): () => void {
  guarded.add(run);
  release ??= install();
  return () => {
    guarded.delete(run);
    if (guarded.size > 0) return;
    release?.();
    release = undefined;
  };
}

function install(): () => void {
  const restore = [captureOutput(), captureChildren(), captureSyncChildren()];
  const idle = (): void => guarded.forEach((run) => run.onIdle());
  const stray = (error: unknown): void => guarded.forEach((run) => run.onStray(error));
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
