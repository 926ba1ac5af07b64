import { types } from "node:util";

const ERROR = Symbol.for("millrace/error");

/** The root of every error that Millrace throws on purpose: a stable code, a sentence, the edit to make. */
export class MillraceError extends Error {
  /** Stable across versions; look it up in `docs/errors.md`. */
  readonly code: string;
  /** The edit to make, as an instruction. */
  readonly fix: string | undefined;
  /** Whether the same again may come to another end; a step that threw an error of which it is false is not retried. @defaultValue true */
  readonly allowRetries: boolean;

  constructor(code: string, message: string, options: { fix?: string; cause?: unknown; allowRetries?: boolean } = {}) {
    super(options.fix ? `${message}\n  → ${options.fix}` : message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.fix = options.fix;
    this.allowRetries = options.allowRetries ?? true;
  }

  /** Recognised across copies of the package. */
  get [ERROR](): true {
    return true;
  }
}

/** Whether something thrown is an error of Millrace, of this copy of the package or of another. */
export function isMillraceError(thrown: unknown): thrown is MillraceError {
  return typeof thrown === "object" && thrown !== null && (thrown as { [ERROR]?: unknown })[ERROR] === true;
}

/** Something in the annotated classes or in `Definitions` cannot be what was meant. Thrown before any run starts. */
export class DefinitionError extends MillraceError {}

/** A configuration value, file, environment variable or option is missing or wrong. */
export class ConfigError extends MillraceError {}

/** What was asked for (a selection, a run id, a partition) does not fit what exists. */
export class RequestError extends MillraceError {}

/** The store cannot be opened, read or written; nothing that was reported as stored is lost. */
export class StoreError extends MillraceError {}

/** A value could not be written or read by an IO manager. */
export class IOError extends MillraceError {}

/** A run, a step or an attempt cannot go on. */
export class ExecutionError extends MillraceError {}

/** A fault of Millrace itself; please report it. */
export class InternalError extends MillraceError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super("INTERNAL", message, { ...options, fix: "This is a bug in Millrace. Please report it with this message." });
  }
}

/** The message of anything that can be thrown, strings and `undefined` included. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error || types.isNativeError(thrown)) return thrown.message; // also of another realm, e.g. a native package's in Jest
  return typeof thrown === "string" ? thrown : `a value that is no Error was thrown: ${String(thrown)}`;
}
