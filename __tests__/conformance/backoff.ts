import { checkRetryPolicy, retryDelayBoundsMs, type RetryPolicy } from "millrace/model";
import type { Suite, Verdict } from "./suite.js";

interface Given {
  readonly maxRetries: number;
  readonly delay: number | null;
  readonly backoff: RetryPolicy["backoff"] | null;
  readonly jitter: RetryPolicy["jitter"] | null;
  readonly attempts: readonly number[];
}

/** Waits between attempts, in seconds in the table and milliseconds in the product. */
export const backoff: Suite = {
  name: "backoff",
  rules: [],
  judge(test, expect): Verdict {
    const given = test.given as unknown as Given;
    const policy: RetryPolicy = {
      maxRetries: given.maxRetries,
      ...(given.delay === null ? {} : { delayMs: given.delay * 1_000 }),
      ...(given.backoff ? { backoff: given.backoff } : {}),
      ...(given.jitter ? { jitter: given.jitter } : {}),
    };
    const bounds = boundsOf(policy, given.attempts);
    if (expect.error !== undefined)
      return bounds === undefined ? { passed: true } : { passed: false, expected: "an error", actual: bounds };
    const wanted = (expect.bounds as number[][] | undefined) ?? (expect.delays as number[]).map((delay) => [delay, delay]);
    const same = bounds?.every((pair, index) => pair.every((value, side) => near(value, wanted[index]?.[side] ?? Number.NaN))) ?? false;
    return same ? { passed: true } : { passed: false, expected: wanted, actual: bounds ?? "an error" };
  },
};

function boundsOf(policy: RetryPolicy, attempts: readonly number[]): number[][] | undefined {
  try {
    checkRetryPolicy(policy, "The policy");
  } catch {
    return undefined;
  }
  return attempts.map((attempt) => retryDelayBoundsMs(policy, attempt).map((ms) => ms / 1_000));
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}
