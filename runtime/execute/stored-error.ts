import { join, resolve, sep } from "node:path";
import { isMillraceError } from "../../src/base/errors.js";
import type { StoredError } from "../../src/model/event.js";

/** The rooms of Millrace as they are built and as their source maps name them; a user's own `runtime/execute` is theirs. */
const BUILT = resolve(__dirname, "../..");
const INTERNAL = [
  ...[BUILT, BUILT.replace(/[\/]dist$/, "")].flatMap((root) =>
    ["src", "decorators", "runtime"].map((storey) => `${join(root, storey)}${sep}`),
  ),
  "node:internal",
  "node:async_hooks",
  "/node_modules/tsyringe/",
];

/** What was thrown as the log keeps it: strings and `undefined` too, the causes in order, the user's own frames only. */
export function storedError(thrown: unknown): StoredError {
  try {
    return described(thrown, 0);
  } catch {
    return { name: "NonError", message: "something was thrown that fails when it is looked at" };
  }
}

function described(thrown: unknown, depth: number): StoredError {
  if (!(thrown instanceof Error) && !isErrorLike(thrown)) {
    return {
      name: "NonError",
      message:
        thrown === undefined ? "undefined was thrown (or a promise rejected with it)" : `${describe(thrown)} was thrown, which is no Error`,
    };
  }
  const stack = typeof thrown.stack === "string" ? userFrames(thrown.stack) : undefined;
  return {
    name: thrown.name,
    message: thrown.message,
    ...(isMillraceError(thrown) ? { code: thrown.code } : {}),
    ...(stack ? { stack } : {}),
    ...(thrown.cause !== undefined && depth < 8 ? { cause: described(thrown.cause, depth + 1) } : {}),
  };
}

function isErrorLike(thrown: unknown): thrown is Error {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    typeof (thrown as Error).message === "string" &&
    typeof (thrown as Error).name === "string"
  );
}

function describe(thrown: unknown): string {
  if (typeof thrown === "string") return JSON.stringify(thrown);
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

function userFrames(stack: string): string {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frames.filter((line) => !INTERNAL.some((part) => line.includes(part))).join("\n");
}
