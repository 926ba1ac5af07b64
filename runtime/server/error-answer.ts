import type { ErrorAnswer } from "../../src/api/status.js";
import { messageOf, MillraceError, RequestError, StoreError } from "../../src/base/errors.js";

/** What a client is told of anything that was thrown while its request was answered. */
export function errorAnswer(thrown: unknown): { readonly httpStatus: number; readonly body: ErrorAnswer } {
  if (thrown instanceof MillraceError) {
    const httpStatus = thrown instanceof RequestError ? 400 : thrown instanceof StoreError ? 503 : 500;
    return { httpStatus, body: errorBody(thrown.code, sentenceOf(thrown), thrown.fix) };
  }
  const claimed = (thrown as { status?: unknown } | null | undefined)?.status;
  // A path or header that express itself cannot read.
  if (typeof claimed === "number" && claimed >= 400 && claimed < 500)
    return {
      httpStatus: claimed,
      body: errorBody("REQUEST.UNREADABLE", `The request cannot be read: ${messageOf(thrown)}`, "Correct the URL."),
    };
  const fix = "This is a bug in Millrace. Please report it with this message.";
  return { httpStatus: 500, body: errorBody("INTERNAL", `The request could not be answered: ${messageOf(thrown)}`, fix) };
}

/** The JSON body of a refused request. */
export function errorBody(code: string, message: string, fix?: string): ErrorAnswer {
  return { error: { code, message, ...(fix === undefined ? {} : { fix }) } };
}

/** The message without the edit, which has a field of its own. */
function sentenceOf({ message, fix }: MillraceError): string {
  const tail = `\n  → ${fix ?? ""}`;
  return fix !== undefined && message.endsWith(tail) ? message.slice(0, -tail.length) : message;
}
