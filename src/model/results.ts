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
  /** Whether the data is as it should be. */
  readonly passed: boolean;
  /** @defaultValue ERROR */
  readonly severity: CheckSeverity;
  /** Markdown: what was found. */
  readonly description: string | undefined;
  /** Figures of what was found. @defaultValue none */
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
  /** What the IO manager keeps; absent: nothing is stored, and only order can hang on it. */
  readonly value: V | undefined;
  readonly hasValue: boolean;
  /** Joined with what `context.addOutputMetadata` added. @defaultValue none */
  readonly metadata: Readonly<Record<string, MetadataInput>>;
  /** Names the content: who reads it is stale when it changes. @defaultValue derived from the code version and the inputs' data versions */
  readonly dataVersion: string | undefined;
  /** Results of the checks that the asset declares for itself. */
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
  /** Names the content: what is made from it is stale when it changes. */
  readonly dataVersion: string | undefined;
  /** @defaultValue none */
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
  /** Stored with the failure of the step. */
  readonly metadata: Readonly<Record<string, MetadataInput>>;
  /** Whether the retry policy may try again. @defaultValue true */
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
  /** Milliseconds until the next attempt, in place of the policy's wait. @defaultValue 0 */
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

/** Whether a method returned one; like those below it holds across copies of the package. */
export const isMaterializeResult = (thing: unknown): thing is MaterializeResult<unknown> => branded(thing, MATERIALIZE);
/** Whether a method returned an observation. */
export const isObserveResult = (thing: unknown): thing is ObserveResult => branded(thing, OBSERVE);
/** Whether a method returned the result of a check. */
export const isCheckResult = (thing: unknown): thing is AssetCheckResult => branded(thing, CHECK);
/** Whether a generator yielded an out. */
export const isOutput = (thing: unknown): thing is Output => branded(thing, OUTPUT);
/** Whether a step threw a `Failure`. */
export const isFailure = (thing: unknown): thing is Failure => branded(thing, FAILURE);
/** Whether a step asks to be tried again. */
export const isRetryRequested = (thing: unknown): thing is RetryRequested => branded(thing, RETRY);
