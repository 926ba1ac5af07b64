/** How often and when a failed step is tried again. */
export interface RetryPolicy {
  /** Retries after the first attempt, at least 0. @defaultValue 1 */
  readonly maxRetries: number;
  /** Base wait in milliseconds; absent counts as 0. */
  readonly delayMs?: number;
  /** @defaultValue constant */
  readonly backoff?: "linear" | "exponential";
  /** @defaultValue none */
  readonly jitter?: "full" | "plus-minus";
}
