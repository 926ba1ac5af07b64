import { plainToInstance } from "class-transformer";
import type { Ctor } from "../model/asset-ref.js";

const isPlain = (thing: unknown): boolean =>
  typeof thing === "object" && thing !== null && Object.getPrototypeOf(thing) === Object.prototype;

const made = (holder: Ctor, field: string, given: unknown): unknown =>
  plainToInstance(holder as unknown as new () => Record<string, unknown>, { [field]: given }, { enableCircularCheck: true })[field];

/** A plain value as an instance of the class that `@Type` gives its field, lists included; any other value as it is. */
export function typedValue(holder: Ctor, field: string, given: unknown): unknown {
  const fits = isPlain(given) || (Array.isArray(given) && given.some(isPlain));
  return fits && nestedClassOf(holder, field) ? made(holder, field, given) : given;
}

/** The class that `@Type` gives a field; `undefined`: none. */
export function nestedClassOf(holder: Ctor, field: string): Ctor | undefined {
  const sample = made(holder, field, {});
  return typeof sample !== "object" || sample === null || isPlain(sample) ? undefined : (sample.constructor as unknown as Ctor);
}
