import { DefinitionError } from "../base/errors.js";
import type { RetryPolicy } from "../model/retry-policy.js";

/** Refuses a policy that means nothing. @throws {@link DefinitionError} when a number is negative, or back-off or jitter has no delay to work on */
export function checkRetryPolicy(policy: RetryPolicy, what: string): RetryPolicy {
  const refuse = (sentence: string, fix: string): never => {
    throw new DefinitionError("DEFINITION.RETRY_POLICY", `${what} ${sentence}`, { fix });
  };
  if (!Number.isInteger(policy.maxRetries) || policy.maxRetries < 0)
    refuse(`asks for ${policy.maxRetries} retries.`, "Give a whole number, 0 or more.");
  if (policy.delayMs !== undefined && !(policy.delayMs >= 0)) refuse(`has a delay of ${policy.delayMs} ms.`, "Give a delay of 0 or more.");
  if (policy.delayMs === undefined && policy.backoff)
    refuse(`has ${policy.backoff} back-off but no delay.`, "Add a delay, or leave the back-off out.");
  if (policy.delayMs === undefined && policy.jitter)
    refuse(`has ${policy.jitter} jitter but no delay.`, "Add a delay, or leave the jitter out.");
  return policy;
}

/** The least and the greatest wait in milliseconds before a retry; equal without jitter. `attempt` 1 is the first retry. */
export function retryDelayBoundsMs(policy: RetryPolicy, attempt: number): readonly [number, number] {
  const base = policy.delayMs ?? 0;
  const factor = policy.backoff === "linear" ? attempt : policy.backoff === "exponential" ? 2 ** attempt - 1 : 1;
  const delay = base * factor;
  if (policy.jitter === "full") return [0, delay];
  return policy.jitter === "plus-minus" ? [delay - base, delay + base] : [delay, delay];
}

/**
 * The wait in milliseconds before a retry.
 * @param attempt - 1 for the wait before the first retry
 * @param random - a number in [0, 1) for the jitter
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number): number {
  const [least, greatest] = retryDelayBoundsMs(policy, attempt);
  return least + (greatest - least) * random;
}
