declare const value: unique symbol;

/** An environment variable that is read when a run starts. */
export interface EnvVar<T> {
  readonly kind: "env-var";
  readonly name: string;
  readonly type: "string" | "number" | "boolean";
  readonly fallback?: T;
  readonly [value]?: T;
}
