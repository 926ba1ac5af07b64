import type { Clock } from "../../src/base/clock.js";
import { ExecutionError } from "../../src/base/errors.js";
import { withOutputTo, type OutputSink } from "./captured-output.js";
import { NeverSettlesError } from "./process-guard.js";

/** Limits under which user code runs. */
export interface Boundary {
  readonly stepKey: string;
  readonly sink: OutputSink;
  /** Aborts when the run is canceled or the attempt's time is up; its reason is what the attempt then fails with. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** How long user code may go on after the abort. */
  readonly graceMs: number;
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

/** User code went on past the grace period after its abort; `reason` tells why it was aborted. */
export class StepAbandonedError extends ExecutionError {
  constructor(
    stepKey: string,
    graceMs: number,
    readonly reason: unknown,
  ) {
    super("STEP.ABANDONED", `Step "${stepKey}" ignored its abort for ${graceMs} ms and was left behind.`, {
      fix: "Let it heed `context.signal`: hand it to fetch, timers and queries, and stop when it aborts.",
      cause: reason,
    });
  }
}

/** User code called `process.exit`, which would have ended the run beside it. */
export class ProcessExitError extends ExecutionError {
  /** @param who - e.g. `Step "orders"` */
  constructor(who: string, code: unknown) {
    super("STEP.PROCESS_EXIT", `${who} called process.exit(${code === undefined ? "" : String(code)}).`, {
      fix: "Throw an error to fail, or return to end.",
    });
  }
}

/**
 * The one door to user code: its output is captured and what it throws comes out as it is. After an abort it may tidy up for the grace
 * period; then the reason of the abort comes out, whatever it gave or threw.
 * @throws {@link StepAbandonedError} when it goes on beyond that
 */
export async function callUserCode<T>(boundary: Boundary, body: () => T | Promise<T>): Promise<T> {
  const { signal } = boundary;
  signal.throwIfAborted();
  const result = withOutputTo(boundary.sink, boundary.stepKey, body);
  if (!isThenable(result)) {
    signal.throwIfAborted();
    return result;
  }
  let over: AbortController | undefined; // most calls end without an abort, and to make one takes longer than they do
  let onAbort: (() => void) | undefined;
  const leftBehind = new Promise<never>((_, reject) => {
    onAbort = () => void afterGrace(boundary, (over = new AbortController()).signal).then(reject);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  let given: T;
  try {
    given = await Promise.race([result, leftBehind]);
  } catch (error) {
    if (!(error instanceof StepAbandonedError)) signal.throwIfAborted();
    throw error;
  } finally {
    if (onAbort) signal.removeEventListener("abort", onAbort);
    over?.abort();
  }
  signal.throwIfAborted();
  return given;
}

/** Waits as long as user code may still go on. What nothing can settle any more is not waited for. */
async function afterGrace({ stepKey, signal, clock, graceMs }: Boundary, over: AbortSignal): Promise<unknown> {
  const reason: unknown = signal.reason;
  if (reason instanceof NeverSettlesError) return reason;
  await clock.sleep(graceMs, over);
  return new StepAbandonedError(stepKey, graceMs, reason);
}

function isThenable<T>(result: T | Promise<T>): result is Promise<T> {
  return typeof result === "object" && result !== null && typeof (result as { then?: unknown }).then === "function";
}
