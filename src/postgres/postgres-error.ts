import { ExecutionError } from "../base/errors.js";

/** What Postgres told of a fault, beside its message. */
export interface PostgresFault {
  /** SQLSTATE, five characters; absent where Postgres was not reached. */
  readonly sqlState?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

/**
 * What a statement came to when Postgres refused it, could not be reached, or was given what it cannot keep. `allowRetries` tells whether the
 * same may succeed later: the server was away, a deadlock, a time-out; not wrong credentials or a constraint.
 */
export class PostgresError extends ExecutionError {
  readonly sqlState: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly constraint: string | undefined;

  constructor(code: string, message: string, options: { fix: string; cause?: unknown; allowRetries?: boolean; fault?: PostgresFault }) {
    super(code, message, { ...options, allowRetries: options.allowRetries ?? false });
    const { sqlState, table, column, constraint } = options.fault ?? {};
    this.sqlState = sqlState;
    this.table = table;
    this.column = column;
    this.constraint = constraint;
  }
}
