import { ConfigError, DefinitionError, MillraceError, RequestError, StoreError } from "../../src/base/errors.js";

/** What the process tells its caller. */
export const EXIT = {
  ok: 0,
  /** A run failed, or `check` found problems. */
  failed: 1,
  /** The command line, a selection or an id cannot be what was meant. */
  usage: 2,
  /** The definitions cannot be loaded or resolved. */
  definitions: 3,
  /** A configuration file, variable or value is wrong. */
  config: 4,
  /** The store cannot be used. */
  store: 5,
  /** A fault of Millrace itself. */
  internal: 70,
  /** Canceled by a signal. */
  canceled: 130,
} as const;

/** The exit code for an error, by its kind. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof RequestError) return EXIT.usage;
  if (error instanceof DefinitionError) return EXIT.definitions;
  if (error instanceof ConfigError) return EXIT.config;
  if (error instanceof StoreError) return EXIT.store;
  return error instanceof MillraceError && error.code !== "INTERNAL" ? EXIT.failed : EXIT.internal;
}
