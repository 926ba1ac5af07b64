import { validateSync, type ValidationError } from "class-validator";
import { nearest } from "../base/did-you-mean.js";
import { ConfigError } from "../base/errors.js";
import type { Ctor } from "../model/asset-ref.js";
import { isEnvVar, readEnv, type Environment } from "./env.js";
import { secretFieldsOf } from "./secret.js";
import { MASK } from "./secret-masker.js";
import { isProvided } from "./provided.js";

/** One thing that is wrong with a configuration. */
export interface ConfigFault {
  /** E.g. `resources.AppApi.baseUrl`. */
  readonly path: string;
  /** What is asked for. */
  readonly rule: string;
  /** The value as given, masked when it is secret; `undefined`: none was given. */
  readonly value?: unknown;
}

/** Everything that is wrong with a configuration, at once. */
export class ConfigFaultsError extends ConfigError {
  constructor(readonly faults: readonly ConfigFault[]) {
    const lines = faults.map(
      (fault) => `  ${fault.path}: ${fault.rule}${fault.value === undefined ? "" : ` (it is ${shown(fault.value)})`}`,
    );
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
  nested: (given: unknown) => unknown = (given) => given,
): Resolved {
  const instance = Reflect.construct(type as unknown as new () => object, []) as Record<string, unknown>;
  const faults: ConfigFault[] = [];
  const secretNames = secretFieldsOf(type as unknown as { prototype: unknown });
  for (const [name, given] of Object.entries(fields)) {
    if (given === undefined) continue;
    if (isEnvVar(given)) {
      const read = readEnv(given, environment);
      if ("fault" in read) faults.push({ path: `${path}.${name}`, rule: read.fault });
      else instance[name] = read.value;
    } else instance[name] = isProvided(given) ? nested(given) : given;
  }
  const faulty = new Set(faults.map((fault) => fault.path));
  for (const error of validateSync(instance, { forbidUnknownValues: false, whitelist: false })) {
    for (const fault of faultsOf(error, path, secretNames)) if (!faulty.has(fault.path)) faults.push(fault);
  }
  if (faults.length > 0) return { faults };
  const secrets = [...secretNames].flatMap((name) =>
    typeof instance[name] === "string" ? [{ path: `${path}.${name}`, value: instance[name] }] : [],
  );
  return { instance, secrets };
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

function faultsOf(error: ValidationError, path: string, secrets: ReadonlySet<string>): ConfigFault[] {
  const here = `${path}.${error.property}`;
  const value: unknown = secrets.has(error.property) && error.value !== undefined ? MASK : error.value;
  const own = Object.values(error.constraints ?? {}).map((rule) => ({
    path: here,
    rule: error.value === undefined ? `it is missing (${rule})` : rule,
    ...(error.value === undefined ? {} : { value }),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => faultsOf(child, here, new Set()))];
}

function shown(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "function" ? "a function" : (JSON.stringify(value) ?? String(value));
}
