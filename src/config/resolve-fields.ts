import { validateSync, type ValidationError } from "class-validator";
import { nearest } from "../base/did-you-mean.js";
import { ConfigError } from "../base/errors.js";
import type { Ctor } from "../model/asset-ref.js";
import { isEnvVar, readEnv, type Environment } from "./env.js";
import { secretFieldsOf } from "./secret.js";
import { MASK } from "./secret-masker.js";
import { isProvided } from "./provided.js";
import { typedValue } from "./nested-class.js";

/** One thing that is wrong with a configuration. */
export interface ConfigFault {
  /** E.g. `resources.AppApi.baseUrl`. */
  readonly path: string;
  /** What is asked for. */
  readonly rule: string;
  /** The value as given, masked when it is secret; `undefined`: none was given. */
  readonly value?: unknown;
  /** The environment variable that gave it. */
  readonly variable?: string;
}

/** A fault on one line: `resources.Api.port: port must be an integer number (it is "80")`. */
export function faultText({ path, rule, value, variable }: ConfigFault): string {
  const from = variable === undefined ? "" : `, from the environment variable ${variable}`;
  return `${path}: ${rule}${value === undefined ? "" : ` (it is ${shown(value)}${from})`}`;
}

/** Everything that is wrong with a configuration, at once. */
export class ConfigFaultsError extends ConfigError {
  constructor(readonly faults: readonly ConfigFault[]) {
    const lines = faults.map((fault) => `  ${faultText(fault)}`);
    super(
      "CONFIG.INVALID",
      `The configuration has ${faults.length === 1 ? "one fault" : `${faults.length} faults`}:\n${lines.join("\n")}`,
      {
        fix: "Correct it where it is given: `.with({...})`, the environment, or the run configuration.",
      },
    );
  }
}

/** An instance with its fields set and checked, or what is wrong. */
export type Resolved =
  { readonly instance: object; readonly secrets: readonly { path: string; value: string }[] } | { readonly faults: readonly ConfigFault[] };

/**
 * Makes an instance of a configuration class: fields from what is given, environment variables read, defaults of the class kept, rules checked.
 * @param nested - gives the instance for a field that is itself a resource
 */
export function resolveFields(
  type: Ctor,
  fields: Readonly<Record<string, unknown>>,
  environment: Environment,
  path: string,
  nested: (given: unknown, field: string) => unknown = (given) => given,
): Resolved {
  const instance = Reflect.construct(type as unknown as new () => object, []) as Record<string, unknown>;
  const faults: ConfigFault[] = [];
  const secretNames = secretFieldsOf(type as unknown as { prototype: unknown });
  const resources = new Set<string>();
  for (const [name, given] of Object.entries(fields)) {
    if (given === undefined) continue;
    if (isEnvVar(given)) {
      const read = readEnv(given, environment);
      if ("fault" in read)
        faults.push({
          path: `${path}.${name}`,
          rule: secretNames.has(name) ? without(read.fault, JSON.stringify(environment[given.name] ?? "")) : read.fault,
        });
      else instance[name] = read.value;
    } else if (isProvided(given)) {
      instance[name] = nested(given, name);
      resources.add(name);
    } else instance[name] = typedValue(type, name, given);
  }
  const faulty = new Set(faults.map((fault) => fault.path));
  for (const error of validateSync(instance, { forbidUnknownValues: false, whitelist: false })) {
    const given = fields[error.property];
    const from = isEnvVar(given) ? { variable: given.name } : {};
    for (const fault of faultsOf(error, path)) if (!faulty.has(fault.path)) faults.push({ ...fault, ...from });
  }
  if (faults.length > 0) return { faults };
  return { instance, secrets: secretsOf(instance, path, resources) };
}

/** Faults of fields that the class does not have; `known` are those that it has. */
export function unknownFields(fields: Readonly<Record<string, unknown>>, known: readonly string[], path: string): ConfigFault[] {
  return Object.keys(fields)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearest(name, known);
      return {
        path: `${path}.${name}`,
        rule: near
          ? `there is no such field; did you mean "${near}"?`
          : `there is no such field${known.length > 0 ? `; there are ${known.join(", ")}` : ""}`,
      };
    });
}

/** The faults that the validation of one field found, those of what it holds included; secrets masked. */
export function faultsOf(error: ValidationError, path: string): ConfigFault[] {
  const here = `${path}.${error.property}`;
  const secret = secretNamesOf(error.target).has(error.property);
  const given: unknown = error.value;
  const value = secret && given !== undefined ? MASK : masked(given);
  const own = Object.values(error.constraints ?? {}).map((text) => {
    const rule = secret ? textsOf(given).reduce(without, text) : text;
    return { path: here, rule: given === undefined ? `it is missing (${rule})` : rule, ...(given === undefined ? {} : { value }) };
  });
  return [...own, ...(error.children ?? []).flatMap((child) => faultsOf(child, here))];
}

function secretNamesOf(thing: object | undefined): ReadonlySet<string> {
  const type = thing?.constructor;
  return typeof type === "function" ? secretFieldsOf(type) : new Set<string>();
}

/** Every secret in an instance and in what it holds, but for the resources in it: they tell of their own. `type` is asked in the place of the class that it has. */
export function secretsOf(
  thing: unknown,
  path: string,
  skipped: ReadonlySet<string> = new Set(),
  above: readonly unknown[] = [],
  type?: Ctor,
): { path: string; value: string }[] {
  if (typeof thing !== "object" || thing === null || above.includes(thing)) return [];
  const names = type ? secretFieldsOf(type as unknown as { prototype: unknown }) : secretNamesOf(thing);
  return Object.entries(thing).flatMap(([name, held]) => {
    if (skipped.has(name)) return [];
    const here = `${path}.${name}`;
    return names.has(name) ? textsOf(held).map((value) => ({ path: here, value })) : secretsOf(held, here, new Set(), [...above, thing]);
  });
}

/** The texts that a secret value shows itself by: itself, or each one in a list or a mapping. */
function textsOf(secret: unknown): string[] {
  if (typeof secret === "string") return secret === "" ? [] : [secret];
  if (typeof secret === "number" || typeof secret === "bigint") return [String(secret)];
  return typeof secret === "object" && secret !== null ? Object.values(secret).flatMap(textsOf) : [];
}

function without(text: string, secret: string): string {
  return text.split(secret).join(MASK);
}

/** The value with the secret fields of the objects in it masked. */
function masked(value: unknown, above: readonly unknown[] = []): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (above.includes(value)) return "[circular]";
  if (Array.isArray(value)) return value.map((item) => masked(item, [...above, value]));
  const names = secretNamesOf(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, held]) => [name, names.has(name) && held !== undefined ? MASK : masked(held, [...above, value])]),
  );
}

function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  const text = JSON.stringify(value, (_key, held: unknown) => (typeof held === "bigint" ? `${held}n` : held));
  return typeof value === "bigint" ? `${value}n` : (text ?? String(value));
}
