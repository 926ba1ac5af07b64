import { types } from "node:util";
import { daysOf, EPOCH_MS, microsOfTime, momentOf } from "./civil-date.js";
import type { CopyWriter } from "./copy-writer.js";

/** Writes a value that is not null behind its length. @returns why the type cannot keep it; `undefined`: it is written */
export type EncodeValue = (value: unknown, out: CopyWriter) => string | undefined;

export const INT64_LIMIT = 2n ** 63n;

export const date: EncodeValue = (value, out) => {
  const days = types.isDate(value) ? (value.getTime() - EPOCH_MS) / 86_400_000 : (infinite(value, 2 ** 31) ?? daysOf(String(value)));
  if (days === undefined || !Number.isInteger(days))
    return types.isDate(value) ? "it is no midnight of UTC" : 'it is no date such as "2025-01-31"';
  if (days >= 2 ** 31 || days < -(2 ** 31)) return "it is out of range";
  out.int32(4);
  out.int32(days);
  return undefined;
};

export const time: EncodeValue = (value, out) => {
  const micros = typeof value === "string" ? microsOfTime(value) : undefined;
  if (micros === undefined) return 'it is no time such as "12:34:56.123456"';
  out.int32(8);
  out.int64(micros);
  return undefined;
};

/** What whole milliseconds from 2000 stay exact as microseconds in a number. */
const EXACT_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);
const FIRST_MICROS = -211_813_488_000_000_000n;
const LAST_MICROS = 9_223_371_331_200_000_000n;

export const timestamp =
  (zoned: boolean): EncodeValue =>
  (value, out) => {
    if (types.isDate(value)) {
      const ms = value.getTime() - EPOCH_MS;
      if (ms <= EXACT_MS && ms >= -EXACT_MS) {
        out.int32(8);
        out.int64(ms * 1000);
        return undefined;
      }
      return Number.isNaN(ms) ? "it is an invalid Date" : micros64(BigInt(ms) * 1000n, out);
    }
    const ever = infinite(value, Infinity);
    if (ever !== undefined) return micros64(ever > 0 ? INT64_LIMIT - 1n : -INT64_LIMIT, out, true);
    const moment = typeof value === "string" ? momentOf(value) : undefined;
    if (moment === undefined) return `it is no Date and no text such as "2025-01-31T12:34:56.123456${zoned ? "Z" : ""}"`;
    if (zoned && !moment.hasZone) return "it has no zone: add Z or an offset";
    if (!zoned && moment.hasZone) return "it has a zone, and the column keeps none: leave it out, or give a Date";
    return micros64(moment.micros, out);
  };

/** A moment in milliseconds since 1970, for a column of timestamps. */
export const millis: EncodeValue = (value, out) => {
  const ms = (value as number) - EPOCH_MS;
  if (ms > EXACT_MS || ms < -EXACT_MS) return micros64(BigInt(ms) * 1000n, out);
  out.int32(8);
  out.int64(ms * 1000);
  return undefined;
};

function micros64(micros: bigint, out: CopyWriter, ever = false): string | undefined {
  if (!ever && (micros < FIRST_MICROS || micros >= LAST_MICROS)) return "it is out of range: 4714 BC to 294276";
  out.int32(8);
  out.int64(micros);
  return undefined;
}

/** `infinity` and `-infinity`, which Postgres has for dates and timestamps. */
function infinite(value: unknown, limit: number): number | undefined {
  if (value === "infinity") return limit === Infinity ? 1 : limit - 1;
  return value === "-infinity" ? (limit === Infinity ? -1 : -limit) : undefined;
}
