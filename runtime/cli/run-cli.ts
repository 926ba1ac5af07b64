import { CommanderError } from "commander";
import pc from "picocolors";
import { DefinitionError, InternalError, MillraceError } from "../../src/base/errors.js";
import { storedError } from "../execute/stored-error.js";
import { EXIT, exitCodeOf } from "./exit-codes.js";
import { errorText } from "./format.js";
import { buildProgram } from "./program.js";

/** Runs one command line and resolves to the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram((exit) => (code = exit));
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    report(error, argv.includes("--json"));
    return exitCodeOf(error);
  }
}

/** One error on standard error; with `--json` one value on standard output. Frames are told only of what user code threw, and of a fault of ours. */
function report(error: unknown, json: boolean): void {
  const { stack, cause, ...told } = storedError(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: cause === undefined ? told : { ...told, cause } })}\n`);
  else if (!(error instanceof MillraceError) || error instanceof InternalError)
    process.stderr.write(`${errorText(storedError(error), 12)}\n`);
  else {
    const users = error instanceof DefinitionError && cause?.code === undefined && cause?.stack ? `\n\n${errorText(cause)}` : "";
    process.stderr.write(`${pc.red(error.code)} ${error.message}${users}\n`);
  }
}
