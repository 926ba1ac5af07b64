/** Methods that may be sent twice: the second changes nothing that the first has not changed. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Answers that tell that the request was not carried out, whatever its method. */
const NOT_CARRIED_OUT: ReadonlySet<number> = new Set([429, 503]);

/** Whether to send it again can help, and does no harm. @param status - of the answer; `undefined`: there was none */
export function mayRetry(method: string, status: number | undefined): boolean {
  if (status !== undefined && NOT_CARRIED_OUT.has(status)) return true;
  return mayPass(status) && IDEMPOTENT.has(method);
}

/** Whether the same request may be answered otherwise at another time. @param status - of the answer; `undefined`: there was none */
export function mayPass(status: number | undefined): boolean {
  if (status === undefined || status === 408 || NOT_CARRIED_OUT.has(status)) return true;
  return status >= 500 && status !== 501 && status !== 505;
}

/** How long an answer asks to wait, in milliseconds: `Retry-After` in seconds or as a date. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** Full jitter: anything up to a limit that doubles with each retry. @param retry - 1 for the first */
export function backoffMs(retry: number, limits: { readonly firstMs: number; readonly mostMs: number }, random: number): number {
  return Math.min(limits.firstMs * 2 ** (retry - 1), limits.mostMs) * random;
}
