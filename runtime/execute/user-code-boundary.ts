import { ExecutionError } from "../../src/base/errors.js";
import { withOutputTo, type OutputSink } from "./captured-output.js";

/** Limits under which user code runs. */
export interface Boundary {
  readonly stepKey: string;
  readonly sink: OutputSink;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** Aborts the step's own signal with the reason. */
  abort(reason: unknown): void;
}

/** The attempt did not end by itself within its limit. */
export class StepTimeoutError extends ExecutionError {
  constructor(stepKey: string, timeoutMs: number) {
    super("STEP.TIMEOUT", `Step "${stepKey}" did not end within ${timeoutMs} ms.`, {
      fix: "Make it faster, let it heed `context.signal`, or give it a longer `timeout`.",
    });
  }
}

/** The run was canceled while the step ran. */
export class StepCanceledError extends ExecutionError {
  constructor(stepKey: string) {
    super("STEP.CANCELED", `Step "${stepKey}" was canceled.`);
  }
}

/** User code called `process.exit`, which would have ended the run beside it. */
export class ProcessExitError extends ExecutionError {
  constructor(stepKey: string, code: unknown) {
    super("STEP.PROCESS_EXIT", `Step "${stepKey}" called process.exit(${code === undefined ? "" : String(code)}).`, {
      fix: "Throw an error to fail the step, or return to end it.",
    });
  }
}

/**
 * The one door to user code: its output is captured, its time is limited, an abort ends the wait for it, and what it throws comes out as it is.
 */
export async function callUserCode<T>(boundary: Boundary, body: () => T | Promise<T>): Promise<T> {
  if (boundary.signal.aborted) throw boundary.signal.reason;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const ends = new Promise<never>((_, reject) => {
    onAbort = () => reject(boundary.signal.reason as Error);
    boundary.signal.addEventListener("abort", onAbort, { once: true });
    const { timeoutMs } = boundary;
    if (timeoutMs !== undefined) timer = setTimeout(() => boundary.abort(new StepTimeoutError(boundary.stepKey, timeoutMs)), timeoutMs);
  });
  ends.catch(() => undefined);
  try {
    const result = withOutputTo(boundary.sink, body);
    return isThenable(result) ? await Promise.race([result, ends]) : result;
  } finally {
    clearTimeout(timer);
    if (onAbort) boundary.signal.removeEventListener("abort", onAbort);
  }
}

function isThenable<T>(result: T | Promise<T>): result is Promise<T> {
  return typeof result === "object" && result !== null && typeof (result as { then?: unknown }).then === "function";
}
