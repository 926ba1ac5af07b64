import type { Bound } from "./dialect.js";

/** A statement on its way to a server, its values as `$1`, `$2` … */
export interface WireStatement {
  readonly sql: string;
  readonly values: readonly Bound[];
}

/** What the server answered to one. */
export interface WireResult {
  readonly rows: readonly object[];
  readonly changes: number;
}

/** An error of the server, of the driver or of the network, as it crosses a thread's border. */
export interface WireFault {
  readonly code: string;
  readonly message: string;
}

/** The answers up to the first that failed. */
export interface WireAnswer {
  readonly results: readonly WireResult[];
  readonly fault?: WireFault;
}

/** A session with a server, synchronous. */
export interface Wire {
  /** Sends all at once and waits for the answers; once a statement of a transaction fails, so do those after it. */
  exchange(statements: readonly WireStatement[]): WireAnswer;
  /** Makes a new session in the place of the last one, whatever became of that. */
  connect(): WireFault | undefined;
  close(): void;
}
