import { ConfigError } from "./errors.js";

/** Milliseconds, or a number with a unit: `"250ms"`, `"2s"`, `"15m"`, `"1.5h"`, `"1d"`. */
export type Duration = number | string;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A duration as milliseconds.
 * @throws {@link ConfigError} when the text is no duration, or it is negative or not finite; `what` names it in the message
 */
export function toMs(duration: Duration, what: string): number {
  const match = typeof duration === "string" ? /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(duration.trim()) : undefined;
  const ms = typeof duration === "number" ? duration : match ? Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? Number.NaN) : Number.NaN;
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new ConfigError("CONFIG.DURATION", `${what} is ${JSON.stringify(duration)}, which is no duration.`, {
    fix: `Write milliseconds as a number, or a number with ms, s, m, h or d, e.g. "15m".`,
  });
}
