import { isDeepStrictEqual } from "node:util";
import type { Verdict } from "./suite.js";

/** Passed when both are deeply equal. Only the fields that are expected are looked at. */
export function compared(expected: Readonly<Record<string, unknown>>, actual: Readonly<Record<string, unknown>>): Verdict {
  const wanted = Object.keys(expected);
  const same = wanted.every((field) => isDeepStrictEqual(expected[field], JSON.parse(JSON.stringify(actual[field] ?? null))));
  if (same) return { passed: true };
  const differing = wanted.filter((field) => !isDeepStrictEqual(expected[field], JSON.parse(JSON.stringify(actual[field] ?? null))));
  return { passed: false, expected: pick(expected, differing), actual: pick(actual, differing) };
}

/** The verdict where the table wants an error: `body` must throw. */
export function refused(body: () => unknown): Verdict {
  try {
    return { passed: false, expected: "an error", actual: body() ?? "no error" };
  } catch {
    return { passed: true };
  }
}

function pick(from: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, from[field]]));
}
