import { ConfigError } from "../base/errors.js";

declare const value: unique symbol;

/** An environment variable that is read when a run starts. */
export interface EnvVar<T> {
  readonly kind: "env-var";
  readonly name: string;
  readonly type: "string" | "number" | "boolean";
  readonly fallback?: T;
  readonly [value]?: T;
}

/** The environment as it is read from; the process's own by default. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Refers to an environment variable: `env("X", default)`, `env.number`, `env.boolean`, read when a run starts; `env.now` at once. */
export interface EnvFactory {
  (name: string, fallback?: string): EnvVar<string>;
  number(name: string, fallback?: number): EnvVar<number>;
  boolean(name: string, fallback?: boolean): EnvVar<boolean>;
  /** The value itself, read while the definitions are loaded. @throws {@link ConfigError} when it is not set and there is no fallback */
  now(name: string, fallback?: string): string;
}

function variable<T>(name: string, type: EnvVar<T>["type"], fallback: T | undefined): EnvVar<T> {
  return { kind: "env-var", name, type, ...(fallback === undefined ? {} : { fallback }) };
}

/** Refers to an environment variable, read when a run starts: `env("X", default)`, `env.number`, `env.boolean`; `env.now("X")` reads it at once. Without a value and a default the run is refused, by the variable's name. */
export const env: EnvFactory = Object.assign((name: string, fallback?: string) => variable(name, "string", fallback), {
  number: (name: string, fallback?: number) => variable(name, "number", fallback),
  boolean: (name: string, fallback?: boolean) => variable(name, "boolean", fallback),
  now: (name: string, fallback?: string): string => {
    const found = process.env[name] ?? fallback;
    if (found !== undefined) return found;
    throw new ConfigError(
      "CONFIG.ENV_MISSING",
      `The environment variable ${name} is not set, and the definitions need it while they are loaded.`,
      {
        fix: `Set ${name} (a .env file at the project's root will do), or give a default: env.now("${name}", "...").`,
      },
    );
  },
});

/** What a variable says that other tools have made known, e.g. AWS_REGION; `undefined`: it is not set, or empty. */
export function wellKnownVariable(name: `AWS_${string}` | `PG${string}`): string | undefined {
  return process.env[name] || undefined;
}

/** Calls the body, which does not wait, with a variable set: for packages that take a setting from nowhere else. */
export function withVariable<T>(name: string, value: string, body: () => T): T {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return body();
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before;
  }
}

/** Whether the thing stands for a variable of the environment. */
export function isEnvVar(thing: unknown): thing is EnvVar<unknown> {
  return typeof thing === "object" && thing !== null && (thing as { kind?: unknown }).kind === "env-var";
}

/** The variable's value, or the fault in a sentence. */
export function readEnv(variable: EnvVar<unknown>, source: Environment): { readonly value: unknown } | { readonly fault: string } {
  const text = source[variable.name];
  if (text === undefined || (text === "" && variable.type !== "string")) {
    return variable.fallback === undefined
      ? { fault: `the environment variable ${variable.name} is not set` }
      : { value: variable.fallback };
  }
  if (variable.type === "number") {
    const number = Number(text);
    return Number.isFinite(number)
      ? { value: number }
      : { fault: `the environment variable ${variable.name} is ${JSON.stringify(text)}, which is no number` };
  }
  if (variable.type === "boolean") {
    const lower = text.toLowerCase();
    if (["true", "1", "yes", "on"].includes(lower)) return { value: true };
    if (["false", "0", "no", "off"].includes(lower)) return { value: false };
    return { fault: `the environment variable ${variable.name} is ${JSON.stringify(text)}, which is neither true nor false` };
  }
  return { value: text };
}
