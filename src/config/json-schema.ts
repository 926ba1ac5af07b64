import { getMetadataStorage } from "class-validator";
import type { Json } from "../base/canonical-json.js";
import type { Ctor } from "../model/asset-ref.js";
import { nestedClassOf } from "./nested-class.js";
import { secretFieldsOf } from "./secret.js";

interface Rule {
  readonly propertyName: string;
  readonly type: string;
  readonly name?: string;
  readonly constraints?: readonly unknown[];
  readonly each?: boolean;
}

const TYPES: Readonly<Record<string, Record<string, Json>>> = {
  isString: { type: "string" },
  isInt: { type: "integer" },
  isNumber: { type: "number" },
  isBoolean: { type: "boolean" },
  isArray: { type: "array" },
  isDateString: { type: "string", format: "date-time" },
  isUrl: { type: "string", format: "uri" },
  isEmail: { type: "string", format: "email" },
  isUuid: { type: "string", format: "uuid" },
  isNotEmpty: {},
  isPositive: { exclusiveMinimum: 0 },
  isNegative: { exclusiveMaximum: 0 },
  isObject: { type: "object" },
};

/** Classes whose schema is being made. */
const OPEN = new Set<Ctor>();

/** The JSON schema of a configuration or resource class, from its validation rules and its defaults; `undefined` when it has no field. */
export function jsonSchemaOf(type: Ctor): Json | undefined {
  const target = type as unknown as new () => object;
  const rules = getMetadataStorage().getTargetValidationMetadatas(target, "", false, false) as unknown as readonly Rule[];
  const defaults = defaultsOf(target);
  const names = [...new Set([...rules.map((rule) => rule.propertyName), ...Object.keys(defaults)])];
  if (names.length === 0) return undefined;
  const secrets = secretFieldsOf(type as unknown as { prototype: unknown });
  const properties = Object.fromEntries(
    names.map((name) => [
      name,
      propertyOf(
        rules.filter((rule) => rule.propertyName === name),
        defaults[name],
        secrets.has(name),
        nestedSchema(type, name),
      ),
    ]),
  );
  const optional = new Set(rules.filter((rule) => rule.type === "conditionalValidation").map((rule) => rule.propertyName));
  const required = [...new Set(rules.map((rule) => rule.propertyName))].filter(
    (name) => !optional.has(name) && defaults[name] === undefined,
  );
  return { type: "object", properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false };
}

/** Names of the fields that rules or defaults tell of. */
export function fieldsOf(type: Ctor): string[] {
  return Object.keys(((jsonSchemaOf(type) as { properties?: Record<string, Json> } | undefined)?.properties ?? {}) as Record<string, Json>);
}

function defaultsOf(target: new () => object): Record<string, unknown> {
  try {
    return { ...new target() } as Record<string, unknown>;
  } catch {
    return {};
  }
}

function propertyOf(rules: readonly Rule[], fallback: unknown, secret: boolean, nested: Record<string, Json>): Json {
  let own: Record<string, Json> = {};
  let items: Record<string, Json> = {};
  for (const rule of rules) {
    const part = rule.type === "nestedValidation" ? nested : partOf(rule);
    if (rule.each || (rule.type === "nestedValidation" && Array.isArray(fallback))) items = { ...items, ...part };
    else own = { ...own, ...part };
  }
  const plain = fallback !== undefined && (typeof fallback !== "object" || fallback === null) && typeof fallback !== "function";
  return {
    ...(own["type"] === undefined && plain ? { type: typeof fallback === "bigint" ? "integer" : typeof fallback } : {}),
    ...own,
    ...(Object.keys(items).length > 0 ? { type: "array", items } : {}),
    ...(!secret && (plain || isPlainList(fallback))
      ? { default: typeof fallback === "bigint" ? Number(fallback) : (fallback as Json) }
      : {}),
    ...(secret ? { writeOnly: true, "x-millrace-secret": true } : {}),
  };
}

function isPlainList(thing: unknown): boolean {
  return Array.isArray(thing) && thing.every((item) => ["string", "number", "boolean"].includes(typeof item));
}

/** The schema of the class that `@Type` gives the field. A class that holds itself is told once. */
function nestedSchema(holder: Ctor, field: string): Record<string, Json> {
  const nested = nestedClassOf(holder, field);
  if (!nested || OPEN.has(nested)) return { type: "object" };
  OPEN.add(nested);
  try {
    return { type: "object", ...((jsonSchemaOf(nested) ?? {}) as Record<string, Json>) };
  } finally {
    OPEN.delete(nested);
  }
}

function partOf(rule: Rule): Record<string, Json> {
  const name = rule.name ?? rule.type;
  const [first, second] = rule.constraints ?? [];
  switch (name) {
    case "min":
      return { minimum: first as number };
    case "max":
      return { maximum: first as number };
    case "minLength":
      return { minLength: first as number };
    case "maxLength":
      return { maxLength: first as number };
    case "matches":
      return { pattern: (first as RegExp).source };
    case "isIn":
      return { enum: first as Json[] };
    case "isEnum":
      return { enum: second as Json[] }; // the values alone: a numeric enum holds its names too
    case "isLength":
      return { minLength: first as number, ...(second === undefined ? {} : { maxLength: second as number }) };
    case "arrayMinSize":
      return { minItems: first as number };
    case "arrayMaxSize":
      return { maxItems: first as number };
    case "isDivisibleBy":
      return { multipleOf: first as number };
    default:
      return TYPES[name] ?? {};
  }
}
