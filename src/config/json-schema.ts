import { getMetadataStorage } from "class-validator";
import type { Json } from "../base/canonical-json.js";
import type { Ctor } from "../model/asset-ref.js";
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
  isPositive: { type: "number", exclusiveMinimum: 0 },
  isObject: { type: "object" },
};

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
      ),
    ]),
  );
  const optional = new Set(rules.filter((rule) => rule.type === "conditionalValidation").map((rule) => rule.propertyName));
  const required = names.filter((name) => !optional.has(name) && defaults[name] === undefined);
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

function propertyOf(rules: readonly Rule[], fallback: unknown, secret: boolean): Json {
  let own: Record<string, Json> = {};
  let items: Record<string, Json> = {};
  for (const rule of rules) {
    const part = partOf(rule);
    if (rule.each) items = { ...items, ...part };
    else own = { ...own, ...part };
  }
  const plain = fallback !== undefined && (typeof fallback !== "object" || fallback === null) && typeof fallback !== "function";
  return {
    ...(own["type"] === undefined && plain ? { type: typeof fallback === "bigint" ? "integer" : typeof fallback } : {}),
    ...own,
    ...(Object.keys(items).length > 0 ? { type: "array", items } : {}),
    ...(plain && !secret ? { default: typeof fallback === "bigint" ? Number(fallback) : (fallback as Json) } : {}),
    ...(secret ? { writeOnly: true, "x-millrace-secret": true } : {}),
  };
}

function partOf(rule: Rule): Record<string, Json> {
  const name = rule.name ?? rule.type;
  const [first] = rule.constraints ?? [];
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
      return { enum: Object.values(first as Record<string, Json>) };
    default:
      return TYPES[name] ?? {};
  }
}
