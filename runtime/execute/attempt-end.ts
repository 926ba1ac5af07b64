import { isMillraceError, messageOf } from "../../src/base/errors.js";
import type { UnitSpec } from "../../src/model/asset-spec.js";
import type { EventPayload, NewEvent } from "../../src/model/event.js";
import { normalizeMetadata } from "../../src/model/metadata.js";
import { isFailure, isRetryRequested } from "../../src/model/results.js";
import { retryDelayMs } from "../../src/planning/retry-delay.js";
import type { Completion } from "../../src/storage/run-store.js";
import type { Running } from "./attempts-under-way.js";
import type { AttemptResult } from "./execute-step.js";
import type { GivenBySteps } from "./given-by-steps.js";
import type { RunServices } from "./services.js";
import { storedError } from "./stored-error.js";
import { ProcessExitError, StepCanceledError } from "./user-code-boundary.js";

/** What tells how an attempt's result counts. */
export interface EndingAttempt {
  readonly running: Running;
  readonly unit: UnitSpec | undefined;
  readonly given: GivenBySteps;
  /** Whether the run is being canceled. */
  readonly canceled: boolean;
}

/** The end of an attempt as it is stored: its outcome, what that makes of its step, and the events that tell it. */
export function completionOf(services: RunServices, attempt: EndingAttempt, { thrown, abandoned = false }: AttemptResult): Completion {
  const { running, given, canceled } = attempt;
  const { step, number, attemptId, pending, sinceMs } = running;
  const atMs = services.clock.nowMs();
  const at = { atMs, stepKey: step.key, attempt: number };
  const base = { stepKey: step.key, attempt: number, attemptId, startedAtMs: sinceMs, atMs };
  given.add(step, pending);
  if (!thrown) {
    const events: NewEvent[] = [...pending, { ...at, type: "STEP_SUCCESS", payload: { durationMs: atMs - sinceMs } }];
    return { ...base, outcome: "SUCCESS", stepStatus: "SUCCESS", events };
  }
  const { error } = thrown;
  const events = [...pending];
  const outcome = (otherwise: "CANCELED" | "FAILURE"): Completion["outcome"] => (abandoned ? "ABANDONED" : otherwise);
  if (abandoned)
    events.push({ ...at, type: "ATTEMPT_ABANDONED", payload: { reason: `It ignored its abort for ${services.cancelGraceMs} ms.` } });
  if (canceled && error instanceof StepCanceledError) {
    events.push(...given.missing(step, { atMs, attempt: number }, "RUN_TERMINATED"), { ...at, type: "STEP_CANCELED", payload: {} });
    return { ...base, outcome: outcome("CANCELED"), stepStatus: "CANCELED", events };
  }
  const payload: EventPayload = services.masker.deep({ error: storedError(error), ...failureMetadata(error) });
  const waitMs = abandoned || canceled ? undefined : retryWaitMs(services, attempt, error);
  if (waitMs !== undefined) {
    events.push({ ...at, type: "STEP_UP_FOR_RETRY", payload: { ...payload, waitMs } });
    return { ...base, outcome: "RETRY", stepStatus: "UP_FOR_RETRY", events };
  }
  events.push(...given.missing(step, { atMs, attempt: number }, "FAILED_TO_MATERIALIZE"), { ...at, type: "STEP_FAILURE", payload });
  return { ...base, outcome: outcome("FAILURE"), stepStatus: "FAILURE", events };
}

/** How long to wait before the next attempt; `undefined`: there is none. */
function retryWaitMs(services: RunServices, { running: { number }, unit }: EndingAttempt, error: unknown): number | undefined {
  if (error instanceof ProcessExitError) return undefined;
  if (isRetryRequested(error)) return number <= error.maxRetries ? error.waitMs : undefined;
  if ((isFailure(error) || isMillraceError(error)) && error.allowRetries === false) return undefined;
  const policy = unit?.retry;
  return policy && number <= policy.maxRetries ? retryDelayMs(policy, number, services.random()) : undefined;
}

/** What a `Failure` tells beside its message; metadata that cannot be stored is no reason to lose the failure. */
function failureMetadata(error: unknown): Pick<EventPayload, "metadata"> {
  if (!isFailure(error)) return {};
  try {
    return { metadata: normalizeMetadata(error.metadata) };
  } catch (fault) {
    return { metadata: normalizeMetadata({ "metadata of the failure": messageOf(fault) }) };
  }
}
