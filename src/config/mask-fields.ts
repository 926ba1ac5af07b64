import type { Ctor } from "../model/asset-ref.js";
import { nestedClassOf } from "./nested-class.js";
import { secretFieldsOf } from "./secret.js";
import { MASK } from "./secret-masker.js";

/** Fields as given, with the secret ones of their class masked, however short: by their names, in nested objects and lists too. */
export function maskFields(type: Ctor, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const secret = secretFieldsOf(type as unknown as { prototype: unknown });
  return Object.fromEntries(
    Object.entries(fields).map(([name, given]) => [name, secret.has(name) ? MASK : maskNested(nestedClassOf(type, name), given)]),
  );
}

function maskNested(type: Ctor | undefined, given: unknown): unknown {
  if (type === undefined || typeof given !== "object" || given === null) return given;
  return Array.isArray(given)
    ? given.map((item: unknown) => maskNested(type, item))
    : maskFields(type, given as Readonly<Record<string, unknown>>);
}
