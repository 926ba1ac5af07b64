import type { MetadataInput } from "./metadata.js";

declare const value: unique symbol;

const MATERIALIZE = Symbol.for("millrace/materialize-result");
const OBSERVE = Symbol.for("millrace/observe-result");
const CHECK = Symbol.for("millrace/check-result");
const OUTPUT = Symbol.for("millrace/output");
const FAILURE = Symbol.for("millrace/failure");
const RETRY = Symbol.for("millrace/retry-requested");

/** How bad a failed check is; only ERROR blocks. */
export type CheckSeverity = "ERROR" | "WARN";

/** What a check found. */
export class AssetCheckResult {
  readonly [CHECK] = true;
  readonly passed: boolean;
  /** @defaultValue ERROR */
  readonly severity: CheckSeverity;
  readonly description: string | undefined;
  readonly metadata: Readonly<Record<string, MetadataInput>>;
  /** Which check, where one method evaluates several, or an asset's method reports those of its `checks`. */
  readonly check: string | undefined;
  /** Which out the check is of, in a multi-asset. */
  readonly out: string | undefined;

  constructor(result: {
    passed: boolean;
    severity?: CheckSeverity;
    description?: string;
    metadata?: Readonly<Record<string, MetadataInput>>;
    check?: string;
    out?: string;
  }) {
    this.passed = result.passed;
    this.severity = result.severity ?? "ERROR";
    this.description = result.description;
    this.metadata = result.metadata ?? {};
    this.check = result.check;
    this.out = result.out;
  }
}

/** What a method may return instead of its value: the value with metadata, a data version, check results. Branded, so that a user's own `{ value }` is not taken for one. */
export class MaterializeResult<V = void> {
  declare private readonly [value]: V;
  readonly [MATERIALIZE] = true;
  readonly value: V | undefined;
  readonly hasValue: boolean;
  readonly metadata: Readonly<Record<string, MetadataInput>>;
  readonly dataVersion: string | undefined;
  readonly checks: readonly AssetCheckResult[];

  constructor(
    result: {
      value?: V;
      metadata?: Readonly<Record<string, MetadataInput>>;
      dataVersion?: string;
      checks?: readonly AssetCheckResult[];
    } = {},
  ) {
    this.value = result.value;
    this.hasValue = "value" in result;
    this.metadata = result.metadata ?? {};
    this.dataVersion = result.dataVersion;
    this.checks = result.checks ?? [];
  }
}

/** What an observing method reports: a data version, metadata, or both. */
export class ObserveResult {
  readonly [OBSERVE] = true;
  readonly dataVersion: string | undefined;
  readonly metadata: Readonly<Record<string, MetadataInput>>;

  constructor(result: { dataVersion?: string; metadata?: Readonly<Record<string, MetadataInput>> }) {
    this.dataVersion = result.dataVersion;
    this.metadata = result.metadata ?? {};
  }
}

/** One out of a multi-asset, yielded by an async generator: `yield output("orders", rows)`. */
export class Output<O extends string = string, V = unknown> {
  readonly [OUTPUT] = true;
  constructor(
    readonly out: O,
    readonly value: V,
  ) {}
}

/** Fails the step with metadata; `allowRetries: false` passes over its retry policy. */
export class Failure extends Error {
  readonly [FAILURE] = true;
  readonly metadata: Readonly<Record<string, MetadataInput>>;
  readonly allowRetries: boolean;

  constructor(
    message: string,
    options: { metadata?: Readonly<Record<string, MetadataInput>>; allowRetries?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.metadata = options.metadata ?? {};
    this.allowRetries = options.allowRetries ?? true;
  }
}

/** Thrown by a step that wants to be tried again, whatever its retry policy says. */
export class RetryRequested extends Error {
  readonly [RETRY] = true;
  /** @defaultValue 1 */
  readonly maxRetries: number;
  readonly waitMs: number;

  constructor(options: { maxRetries?: number; waitMs?: number; message?: string; cause?: unknown } = {}) {
    super(options.message ?? "The step asks to be tried again.", options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RetryRequested";
    this.maxRetries = options.maxRetries ?? 1;
    this.waitMs = options.waitMs ?? 0;
  }
}

function branded(thing: unknown, brand: symbol): boolean {
  return typeof thing === "object" && thing !== null && (thing as Record<symbol, unknown>)[brand] === true;
}

export const isMaterializeResult = (thing: unknown): thing is MaterializeResult<unknown> => branded(thing, MATERIALIZE);
export const isObserveResult = (thing: unknown): thing is ObserveResult => branded(thing, OBSERVE);
export const isCheckResult = (thing: unknown): thing is AssetCheckResult => branded(thing, CHECK);
export const isOutput = (thing: unknown): thing is Output => branded(thing, OUTPUT);
export const isFailure = (thing: unknown): thing is Failure => branded(thing, FAILURE);
export const isRetryRequested = (thing: unknown): thing is RetryRequested => branded(thing, RETRY);
