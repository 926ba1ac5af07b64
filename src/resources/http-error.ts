import { ExecutionError } from "../base/errors.js";

/** What an HTTP request came to when it came to no answer that one could use. */
export class HttpError extends ExecutionError {
  /** Of the answer; absent when there was none. */
  readonly status: number | undefined;
  /** The first 2,000 characters of the answer's text. */
  readonly body: string | undefined;

  constructor(
    code: string,
    message: string,
    options: { fix: string; cause?: unknown; allowRetries?: boolean; status?: number; body?: string },
  ) {
    super(code, message, options);
    this.status = options.status;
    this.body = options.body;
  }
}
